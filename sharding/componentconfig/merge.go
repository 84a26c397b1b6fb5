// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

// ReadFiles reads configuration files that are laid on top of each other, so that parts of a configuration can come from
// different places. A field of a later file replaces that of an earlier one: objects are merged field by field, lists and
// all else are replaced as a whole. Each file is checked by itself. Without files it returns the empty configuration.
func ReadFiles[Config any](files []string, decode func([]byte) (*Config, error)) (*Config, error) {
	var content map[string]any
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		if _, err := decode(data); err != nil {
			return nil, fmt.Errorf("decoding the configuration %s: %w", file, err)
		}
		var layer map[string]any
		if err := yaml.Unmarshal(data, &layer); err != nil {
			return nil, fmt.Errorf("decoding the configuration %s: %w", file, err)
		}
		content = lay(content, layer)
	}
	if content == nil {
		return new(Config), nil
	}
	merged, err := yaml.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("merging the configuration %s: %w", Names(files), err)
	}
	config, err := decode(merged)
	if err != nil {
		return nil, fmt.Errorf("decoding the configuration %s: %w", Names(files), err)
	}
	return config, nil
}

// Names writes the names of the files for people; it is empty if there are none.
func Names(files []string) string { return strings.Join(files, ", ") }

// lay returns the lower object with the fields of the upper one.
func lay(lower, upper map[string]any) map[string]any {
	if lower == nil {
		return upper
	}
	for key, value := range upper {
		below, isObject := lower[key].(map[string]any)
		if above, ok := value.(map[string]any); ok && isObject {
			value = lay(below, above)
		}
		lower[key] = value
	}
	return lower
}
