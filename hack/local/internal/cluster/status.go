// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// Status is how the cluster is.
type Status struct {
	// Ready holds if the API server says that it is.
	Ready bool `json:"ready"`
	// Server is the address of the API server; empty if there is none.
	Server     string         `json:"server,omitempty"`
	Components []Component    `json:"components"`
	Ports      map[string]int `json:"ports"`
}

// Component is one of the programs that make up the cluster.
type Component struct {
	Name string `json:"name"`
	// PID is 0 if it does not run.
	PID int `json:"pid,omitempty"`
}

// Running holds if any component runs.
func (s Status) Running() bool {
	for _, component := range s.Components {
		if component.PID != 0 {
			return true
		}
	}
	return false
}

// Status looks at the cluster.
func (c *Cluster) Status(ctx context.Context) (Status, error) {
	live, err := c.live(ctx)
	if err != nil {
		return Status{}, err
	}
	var st state
	if err := statefile.Read(c.stateFile(), &st); err != nil {
		return Status{}, err
	}
	status := Status{Ports: st.Ports}
	for _, name := range components {
		component := Component{Name: name}
		for _, p := range live {
			if p.Program() == name {
				component.PID = p.PID
			}
		}
		status.Components = append(status.Components, component)
	}
	if status.Running() && kube.Ready(ctx, c.checkout.Kubeconfig()) == nil {
		status.Ready = true
		if status.Server, err = kube.Server(c.checkout.Kubeconfig()); err != nil {
			return Status{}, err
		}
	}
	return status, nil
}
