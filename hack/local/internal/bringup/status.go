// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cluster"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/report"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// Status looks at everything of the checkout.
func Status(ctx context.Context, c checkout.Checkout) (report.Status, error) {
	status := report.Status{
		Kubeconfig: c.Kubeconfig(),
		Problems:   []string{},
		Instances:  []report.Instance{},
		Websites:   report.Count{Phases: map[string]int{}},
	}
	asked, err := ReadAsked(c)
	if err != nil {
		return status, err
	}
	status.Mode, status.Shards = asked.Mode, asked.Shards
	if status.Cluster, err = cluster.New(c, "", io.Discard).Status(ctx); err != nil {
		return status, err
	}
	if status.Prometheus, err = monitoring.URL(c); err != nil {
		return status, err
	}
	if err := addInstances(ctx, c, &status); err != nil {
		return status, err
	}
	if status.Cluster.Ready {
		for _, add := range []func(context.Context, checkout.Checkout, *report.Status) error{addWebsites, addLeader} {
			if err := add(ctx, c, &status); err != nil {
				status.Problems = append(status.Problems, err.Error())
			}
		}
	}
	addProblems(&status)
	status.Healthy = len(status.Problems) == 0
	return status, nil
}

func addInstances(ctx context.Context, c checkout.Checkout, status *report.Status) error {
	supervised, err := instances.Folder(c).Status()
	if err != nil || supervised == nil {
		return err
	}
	for _, instance := range supervised.Instances {
		health, metrics, err := instances.Ports(c, instance.Name)
		if err != nil {
			return err
		}
		status.Instances = append(status.Instances, report.Instance{
			InstanceStatus: instance,
			Role:           roleOf(status.Mode, instance.Name),
			Ready:          instances.Ready(ctx, c, instance.Name),
			HealthPort:     health,
			MetricsPort:    metrics,
			Log:            instances.Log(c, instance.Name),
		})
	}
	return nil
}

func roleOf(mode operator.Mode, name string) report.Role {
	switch {
	case slices.Contains(sharder.Instances(), name):
		return report.Sharder
	case mode.Shares():
		return report.Shard
	}
	return report.Alone
}

// addLeader tells which sharder leads, where it runs apart. The leader has the API server ask its own webhook.
func addLeader(ctx context.Context, c checkout.Checkout, status *report.Status) error {
	if status.Mode != operator.Dedicated {
		return nil
	}
	client, err := kube.Client(c.Kubeconfig())
	if err != nil {
		return err
	}
	leader, err := sharder.Leader(ctx, client, func(url *url.URL) (string, error) {
		return instances.AtWebhook(c, url, sharder.Instances())
	})
	if err != nil {
		return err
	}
	for i := range status.Instances {
		status.Instances[i].Leads = leader != "" && status.Instances[i].Name == leader
	}
	return nil
}

func addWebsites(ctx context.Context, c checkout.Checkout, status *report.Status) error {
	client, err := kube.Client(c.Kubeconfig())
	if err != nil {
		return err
	}
	all, err := websites.List(ctx, client)
	if err != nil {
		return err
	}
	status.Websites.Total = len(all)
	for _, website := range all {
		phase := website.Phase
		if phase == "" {
			phase = "New"
		}
		status.Websites.Phases[phase]++
		if website.Shard == "" {
			status.Websites.Unassigned++
		}
		for i := range status.Instances {
			if status.Instances[i].Name == website.Shard {
				status.Instances[i].Websites++
			}
		}
	}
	return nil
}

func addProblems(status *report.Status) {
	problem := func(format string, arguments ...any) {
		status.Problems = append(status.Problems, fmt.Sprintf(format, arguments...))
	}
	if !status.Cluster.Running() && len(status.Instances) == 0 {
		problem("nothing is up")
		return
	}
	for _, component := range status.Cluster.Components {
		if component.PID == 0 {
			problem("%s does not run: `make up` starts it again", component.Name)
		}
	}
	if !status.Cluster.Ready {
		problem("the API server is not ready")
	}
	wanted := len(status.Mode.Instances(status.Shards))
	if status.Mode == operator.Dedicated {
		wanted += len(sharder.Instances())
	}
	if status.Mode == "" {
		wanted = 0
	}
	if missing := wanted - len(status.Instances); missing > 0 {
		problem("%d of %d instances are missing: `make up` starts them again", missing, wanted)
	}
	for _, instance := range status.Instances {
		switch {
		case instance.State != supervisor.Running:
			problem("%s is started again soon: %s", instance.Name, instance.Reason)
		case !instance.Ready:
			problem("%s is not ready: see %s", instance.Name, instance.Log)
		}
	}
	if status.Mode.Shares() && status.Websites.Unassigned > 0 {
		problem("%d websites have no shard", status.Websites.Unassigned)
	}
	if failed := status.Websites.Phases["Error"]; failed > 0 {
		problem("%d websites are in phase Error", failed)
	}
}
