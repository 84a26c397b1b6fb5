// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

func configFile(c checkout.Checkout) string {
	return filepath.Join(string(Folder(c)), "operator-config.yaml")
}

func sharderConfigFile(c checkout.Checkout) string {
	return filepath.Join(string(Folder(c)), "sharder-config.yaml")
}

// remember keeps the contents of the configuration files for those who change later which instances run.
func (p Plan) remember() error {
	if err := statefile.Replace(configFile(p.Checkout), p.Config, 0o644); err != nil {
		return err
	}
	return statefile.Replace(sharderConfigFile(p.Checkout), p.SharderConfig, 0o644)
}

// Remembered returns the contents of the configuration files that the last instances were written with. That of a sharder
// is empty where none ran apart.
func Remembered(c checkout.Checkout) (config, sharderConfig []byte, err error) {
	if config, err = os.ReadFile(configFile(c)); err != nil {
		return nil, nil, fmt.Errorf("reading the operator's configuration: %w", err)
	}
	if sharderConfig, err = os.ReadFile(sharderConfigFile(c)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("reading the sharder's configuration: %w", err)
	}
	return config, sharderConfig, nil
}
