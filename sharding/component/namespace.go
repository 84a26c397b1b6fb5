// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// namespaceFile holds the namespace of the pod that the process runs in.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// PodNamespace returns the namespace of the pod that the process runs in, or the other one if it runs in none.
func PodNamespace(otherwise string) (string, error) {
	data, err := os.ReadFile(namespaceFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return otherwise, nil
	case err != nil:
		return "", fmt.Errorf("reading the namespace of this pod: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// CheckCertificate returns an error unless the directory holds tls.crt and tls.key. No directory is fine.
func CheckCertificate(directory string) error {
	if directory == "" {
		return nil
	}
	for _, file := range []string{"tls.crt", "tls.key"} {
		if _, err := fs.Stat(os.DirFS(directory), file); err != nil {
			return err
		}
	}
	return nil
}
