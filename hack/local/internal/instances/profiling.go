// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// withProfiling returns the configuration of the operator or of the sharder with profiles switched on.
func withProfiling(content []byte) ([]byte, error) {
	config := map[string]any{}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return nil, fmt.Errorf("reading a configuration: %w", err)
	}
	debugging, _ := config["debugging"].(map[string]any)
	if debugging == nil {
		debugging = map[string]any{}
	}
	debugging["enableProfiling"] = true
	config["debugging"] = debugging
	written, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("writing a configuration: %w", err)
	}
	return written, nil
}
