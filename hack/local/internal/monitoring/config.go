// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"time"

	"sigs.k8s.io/yaml"
)

// Interval is the time between two scrapes of an instance. Each costs the instance some milliseconds of processor time, so
// that a shorter one would add to what is measured, more so where there are many instances.
const Interval = 10 * time.Second

// Target is an instance whose metrics are scraped.
type Target struct {
	// Name is the instance's, and becomes the label instance.
	Name string
	// Component is operator or sharder, and becomes a label.
	Component string
	// Shard is the name of the shard, if it is one.
	Shard string
	// Port is where it serves its metrics on this machine.
	Port int
}

// config returns the configuration of Prometheus. The targets are in a file of their own, which it reads anew when it changes.
func config(token, targets string) ([]byte, error) {
	content, err := yaml.Marshal(map[string]any{
		"global": map[string]any{"scrape_interval": Interval.String(), "scrape_timeout": Interval.String()},
		"scrape_configs": []any{map[string]any{
			"job_name": "instances",
			// To compress costs the instances more than all the rest of a scrape, and saves nothing on one machine.
			"enable_compression": false,
			"scheme":             "https",
			// The metrics are for those only who may see them.
			"authorization": map[string]any{"credentials_file": token},
			// Instances make certificates of their own when they start.
			"tls_config":      map[string]any{"insecure_skip_verify": true},
			"file_sd_configs": []any{map[string]any{"files": []string{targets}, "refresh_interval": "10s"}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("rendering the configuration of Prometheus: %w", err)
	}
	return content, nil
}

// targetsFile returns the file of targets.
func targetsFile(targets []Target) ([]byte, error) {
	groups := make([]map[string]any, 0, len(targets))
	for _, target := range targets {
		labels := map[string]string{"instance": target.Name, "component": target.Component}
		if target.Shard != "" {
			labels["shard"] = target.Shard
		}
		groups = append(groups, map[string]any{
			"targets": []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(target.Port))},
			"labels":  labels,
		})
	}
	content, err := json.MarshalIndent(groups, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("rendering the targets of Prometheus: %w", err)
	}
	return append(content, '\n'), nil
}
