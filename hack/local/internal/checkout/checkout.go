// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package checkout knows where things lie in a checkout of the project: the sources that the command builds, and the
// folder of state that belongs to this checkout alone.
package checkout

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// marker is the file by which the root of a checkout is recognised.
const marker = "hack/programs/go.mod"

// Checkout is one checkout of the project. The zero value is of no use, see Find.
type Checkout struct {
	root string
}

// Find returns the checkout that contains the folder. It fails if neither the folder nor one above it is a checkout.
// Symbolic links are resolved, so that a checkout has one name however it was entered.
func Find(folder string) (Checkout, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return Checkout{}, fmt.Errorf("finding the checkout: %w", err)
	}
	absolute, err = filepath.EvalSymlinks(absolute)
	if err != nil {
		return Checkout{}, fmt.Errorf("finding the checkout: %w", err)
	}
	for dir := absolute; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, marker))
		if err == nil {
			return Checkout{root: dir}, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return Checkout{}, fmt.Errorf("finding the checkout: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return Checkout{}, fmt.Errorf("%s is not inside a checkout of the project: no %s in it or above", absolute, marker)
		}
	}
}

// Name tells checkouts on one machine apart. It is short, stable, and a valid name of a cluster.
func (c Checkout) Name() string {
	sum := sha256.Sum256([]byte(c.root))
	return "sharding-" + hex.EncodeToString(sum[:])[:6]
}

// Seed is a number that differs between checkouts, from which they start looking for free ports.
func (c Checkout) Seed() int {
	sum := sha256.Sum256([]byte(c.root))
	return int(sum[30])<<8 | int(sum[31])
}

// Path returns the absolute path of something in the checkout, given by its slash-separated path from the root.
func (c Checkout) Path(relative string) string {
	return filepath.Join(c.root, filepath.FromSlash(relative))
}

// State returns the absolute path of something in the folder of state, which `make down` removes.
func (c Checkout) State(relative string) string {
	return filepath.Join(c.root, ".local", filepath.FromSlash(relative))
}

// Kubeconfig is the file by which people, and the tests, reach the local cluster.
func (c Checkout) Kubeconfig() string { return c.State("kubeconfig") }

// KindKubeconfig is the file by which people reach the kind cluster that `make kind-up` starts.
func (c Checkout) KindKubeconfig() string { return c.Path(".kind/kubeconfig") }
