// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cluster"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// Status is how everything of a checkout is.
type Status struct {
	// Healthy holds if all that should run does, and no website is in trouble.
	Healthy bool `json:"healthy"`
	// Problems says what is wrong, in sentences; it is empty if and only if all is healthy.
	Problems []string `json:"problems"`
	// Mode and Shards are what was last asked for.
	Mode       operator.Mode  `json:"mode,omitempty"`
	Shards     int            `json:"shards,omitempty"`
	Kubeconfig string         `json:"kubeconfig"`
	Cluster    cluster.Status `json:"cluster"`
	// Prometheus is its URL, if it runs.
	Prometheus string     `json:"prometheus,omitempty"`
	Instances  []Instance `json:"instances"`
	Websites   Count      `json:"websites"`
}

// Instance is how an instance of the operator or of the sharder is.
type Instance struct {
	supervisor.InstanceStatus
	// Role is what it is there for.
	Role Role `json:"role"`
	// Leads holds for the one of several sharders that leads.
	Leads       bool   `json:"leads,omitempty"`
	Ready       bool   `json:"ready"`
	HealthPort  int    `json:"healthPort"`
	MetricsPort int    `json:"metricsPort"`
	Log         string `json:"log"`
	// Websites is the number of websites that are assigned to it.
	Websites int `json:"websites"`
}

// Role is what an instance is there for.
type Role string

const (
	// Alone is for an instance that works for all websites.
	Alone Role = "alone"
	// Shard is for an instance that shares the websites with others.
	Shard Role = "shard"
	// Sharder is for an instance of the sharder where that runs apart.
	Sharder Role = "sharder"
)

// Count counts the websites.
type Count struct {
	Total int `json:"total"`
	// Phases counts them by phase; those that nobody has worked on yet are counted under "New".
	Phases map[string]int `json:"phases"`
	// Unassigned is the number of websites without a shard.
	Unassigned int `json:"unassigned"`
}

// JSON writes the status for programs.
func (s Status) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}

// Text writes the status for people.
func (s Status) Text(out io.Writer, now time.Time) error {
	if !s.Cluster.Running() && len(s.Instances) == 0 {
		fmt.Fprintln(out, "nothing is up: start it with `make up`")
		return nil
	}
	fmt.Fprintf(out, "cluster     %s   KUBECONFIG=%s\n", cmp.Or(s.Cluster.Server, "no API server"), quote(s.Kubeconfig))
	var components []string
	for _, component := range s.Cluster.Components {
		state := "not running"
		if component.PID != 0 {
			state = strconv.Itoa(component.PID)
		}
		components = append(components, component.Name+" ("+state+")")
	}
	fmt.Fprintf(out, "            %s\n", strings.Join(components, ", "))
	mode := cmp.Or(string(s.Mode), "operator not started yet")
	if s.Mode.Shares() {
		mode += fmt.Sprintf(", %d shards", s.Shards)
	}
	fmt.Fprintf(out, "mode        %s\n", mode)
	if s.Prometheus != "" {
		fmt.Fprintf(out, "prometheus  %s\n", s.Prometheus)
	}
	fmt.Fprintf(out, "websites    %s\n\n", s.Websites)
	if len(s.Instances) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "INSTANCE\tROLE\tSTATE\tREADY\tPID\tSINCE\tRESTARTS\tWEBSITES")
		for _, i := range s.Instances {
			role, websites := string(i.Role), strconv.Itoa(i.Websites)
			if i.Role == Sharder {
				websites = "-"
			}
			if i.Leads {
				role += ", leads"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%t\t%d\t%s\t%d\t%s\n",
				i.Name, role, i.State, i.Ready, i.PID, now.Sub(i.Since).Round(time.Second), i.Restarts, websites)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(out, "\nlogs        %s\n", filepath.Join(filepath.Dir(filepath.Dir(s.Instances[0].Log)), "*", filepath.Base(s.Instances[0].Log)))
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(out, "\nproblem: %s\n", problem)
	}
	return nil
}

// String writes the counts in one line.
func (c Count) String() string {
	var text strings.Builder
	text.WriteString(strconv.Itoa(c.Total))
	for _, phase := range []string{"Ready", "Pending", "Error", "Terminating", "New"} {
		if count := c.Phases[phase]; count > 0 {
			fmt.Fprintf(&text, ", %d %s", count, phase)
		}
	}
	if c.Unassigned > 0 {
		fmt.Fprintf(&text, ", %d without a shard", c.Unassigned)
	}
	return text.String()
}
