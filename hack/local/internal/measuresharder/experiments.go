// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

// experiment is a part of the measurement that can be chosen.
type experiment struct {
	name  string
	about string
	run   func(*Measurement, context.Context, *Report, bringup.Before) error
}

// experiments returns all that there are. The last one may end what runs, so nothing comes after it.
func experiments() []experiment {
	return []experiment{
		{"admission", "what the webhook adds to a request", (*Measurement).admission},
		{"assignment", "how fast objects are assigned without the webhook, and how many are by it", (*Measurement).assignment},
		{"footprint", "what the sharder needs for many objects, and for many rings", (*Measurement).footprint},
		{"churn", "what rings leave behind that come and go", (*Measurement).churn},
		{"join", "a shard joins a ring of ConfigMaps", (*Measurement).join},
		{"websites", "a shard joins the operator", (*Measurement).websites},
	}
}

// Names returns the names of all experiments.
func Names() []string {
	var names []string
	for _, experiment := range experiments() {
		names = append(names, experiment.name)
	}
	return names
}

// CheckNames returns an error if there is no experiment of one of the names, or no name.
func CheckNames(names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("no experiment is chosen: there are %s", strings.Join(Names(), ", "))
	}
	for _, name := range names {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("unknown experiment %q: there are %s", name, strings.Join(Names(), ", "))
		}
	}
	return nil
}
