// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/inventory"
)

// writeYAML writes objects as a manifest.
func writeYAML(out io.Writer, objects []client.Object) error {
	for _, object := range objects {
		configuration, err := inventory.Configuration(object)
		if err != nil {
			return err
		}
		content, err := yaml.Marshal(configuration.Object)
		if err != nil {
			return fmt.Errorf("writing YAML: %w", err)
		}
		if _, err := fmt.Fprintf(out, "---\n%s", content); err != nil {
			return fmt.Errorf("writing YAML: %w", err)
		}
	}
	return nil
}

// tell says what was done.
func tell(output, done string, what inventory.Left) error {
	if output != "json" {
		_, err := fmt.Printf("%s: %s\n", done, what)
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]map[string]int{
		done: {"websites": what.Websites, "projects": what.Projects, "themes": what.Themes},
	})
}
