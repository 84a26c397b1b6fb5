// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package programs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
)

// linkerFlags drop the debug information and stamp the version.
var linkerFlags = "-s -w" +
	" -X k8s.io/component-base/version.gitVersion=" + KubernetesVersion +
	" -X k8s.io/client-go/pkg/version.gitVersion=" + KubernetesVersion

// buildFlags are the flags of `go build`.
func buildFlags() []string { return []string{"-trimpath", "-ldflags", linkerFlags} }

// inputs is everything that the programs depend on.
type inputs struct {
	goMod, goSum []byte
	// toolchain is the version of Go, with the operating system and the architecture.
	toolchain string
}

// digest names the inputs: programs are built again if and only if it changes.
func (in inputs) digest() string {
	hash := sha256.New()
	for _, part := range [][]byte{in.goMod, in.goSum, []byte(in.toolchain), []byte(strings.Join(append(buildFlags(), gotool.WithoutC), " "))} {
		// The length keeps a byte that moves from one part to the next from going unnoticed.
		fmt.Fprintf(hash, "%d\n%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// cacheFolder returns the folder of the project that outlives a checkout: $KCS_CACHE, or a folder of the project in
// the user's cache.
func cacheFolder(getenv func(string) string) (string, error) {
	if folder := getenv("KCS_CACHE"); folder != "" {
		return filepath.Abs(folder)
	}
	base := getenv("XDG_CACHE_HOME")
	if base == "" {
		home := getenv("HOME")
		if home == "" {
			return "", fmt.Errorf("finding the cache: none of KCS_CACHE, XDG_CACHE_HOME and HOME is set")
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "kubernetes-controller-sharding"), nil
}

func readInputs(module, toolchain string) (inputs, error) {
	in := inputs{toolchain: toolchain}
	var err error
	if in.goMod, err = os.ReadFile(filepath.Join(module, "go.mod")); err != nil {
		return inputs{}, fmt.Errorf("reading the pinned programs: %w", err)
	}
	if in.goSum, err = os.ReadFile(filepath.Join(module, "go.sum")); err != nil {
		return inputs{}, fmt.Errorf("reading the pinned programs: %w", err)
	}
	return in, nil
}
