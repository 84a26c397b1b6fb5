// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const config = "../../../config"

// kubectl runs kubectl of the test programs, or else of the PATH, and returns what it wrote to stdout and stderr.
func kubectl(ctx context.Context, stdin []byte, args ...string) (stdout, stderr string, err error) {
	path := "kubectl"
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" {
		if own := filepath.Join(assets, "kubectl"); exists(own) {
			path = own
		}
	}
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errOut
	if err := cmd.Run(); err != nil {
		return "", "", fmt.Errorf("kubectl %v: %w: %s", args, err, errOut.String())
	}
	return out.String(), errOut.String(), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// render returns what a folder below config amounts to.
func render(ctx context.Context, folder string) (string, error) {
	stdout, _, err := kubectl(ctx, nil, "kustomize", filepath.Join(config, folder))
	return stdout, err
}
