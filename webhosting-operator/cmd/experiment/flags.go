// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/experiment"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/fleet"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/queue"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/record"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// version is set by the linker for releases: -ldflags "-X main.version=v1.2.3".
var version string

// flags are those of `experiment run` that are no options of an experiment by themselves.
type flags struct {
	kubeconfig, prometheus, output string
	set                            []string
	fleet, local, deployment       string
}

func (f *flags) add(set *pflag.FlagSet, o *experiment.Options) {
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: that of kubectl)")
	set.Float64Var(&o.Scale, "scale", 0.1, "factor from 0.001 to 10: 1 is the full size, 0.1 a tenth of the websites")
	set.StringArrayVar(&f.set, "set", nil, "set a parameter of the scenario after scaling, like create=5 or hold=30s")
	set.Uint64Var(&o.Seed, "seed", 0, "chooses what is random; 0: another one each time")
	set.StringVar(&o.Setup, "setup", "", "what to call that which is under load, in the result")
	set.StringVar(&o.Folder, "results", "", "folder for the results; it must not be there yet (default: a new one in ./results)")
	set.StringVarP(&f.output, "output", "o", "", "json for programs")
	set.DurationVar(&o.Interval, "interval", 2*time.Second, "time between two samples")
	set.StringVar(&o.MetricsAddress, "metrics-bind-address", "", "where to serve metrics, like 127.0.0.1:9810 (default: nowhere)")

	set.StringVar(&f.fleet, "fleet", "", "where the operator's instances run: local or deployment; only some scenarios need it")
	set.StringVar(&f.local, "local-command", "bin/local", "the command of the local cluster, for --fleet local")
	set.StringVar(&f.deployment, "deployment", "webhosting-system/webhosting-operator", "the operator's Deployment, for --fleet deployment")
	set.StringVar(&f.prometheus, "prometheus", "", "a Prometheus that scrapes the operator's instances, like http://127.0.0.1:9090; only scale-out needs it")
	set.StringVar(&o.Ring, "ring", "webhosting-operator", "the ring that the operator's shards belong to")

	set.BoolVar(&o.Workload, "workload", false, "have the websites have pods")
	set.BoolVar(&o.Others, "allow-other-websites", false, "measure although websites of others are in the cluster")
	set.BoolVar(&o.Keep, "keep", false, "leave what was made in the cluster")
	set.DurationVar(&o.SetupTimeout, "setup-timeout", 5*time.Minute, "how long it may take until the load can begin")
	set.DurationVar(&o.CleanupTimeout, "cleanup-timeout", 5*time.Minute, "how long it may take until all is removed")
}

// check checks the flags, and fills in what they say.
func (f *flags) check(o *experiment.Options, name string) error {
	var err error
	if o.Scenario, err = scenario.Named(name); err != nil {
		return err
	}
	if o.Settings, err = o.Scenario.Settings(o.Scale, f.set); err != nil {
		return err
	}
	if o.Plan, err = o.Scenario.Plan(o.Settings); err != nil {
		return err
	}
	if o.Folder == "" {
		o.Folder = folderOf(name, time.Now())
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64() //nolint:gosec // it is no secret
	}
	switch {
	case f.output != "" && f.output != "json":
		return fmt.Errorf("unknown output format %q: it is json, or left out", f.output)
	case f.fleet != "" && !slices.Contains(fleet.Kinds, f.fleet):
		return fmt.Errorf("unknown fleet %q: there are %s", f.fleet, strings.Join(fleet.Kinds, ", "))
	case o.Interval < 100*time.Millisecond:
		return fmt.Errorf("the interval must be at least 100ms, not %s", o.Interval)
	case o.SetupTimeout <= 0 || o.CleanupTimeout <= 0:
		return errors.New("the timeouts must be more than 0")
	case o.Scenario.NeedsFleet && f.fleet == "":
		return fmt.Errorf("the scenario %s does something to the operator's instances: say where they run with --fleet", name)
	case o.Scenario.NeedsQueues && f.prometheus == "":
		return fmt.Errorf("the scenario %s depends on the time in the operator's queues: say where Prometheus is with --prometheus", name)
	}
	if namespace, name, ok := strings.Cut(f.deployment, "/"); !ok || namespace == "" || name == "" {
		return fmt.Errorf("the deployment is NAMESPACE/NAME, not %q", f.deployment)
	}
	if o.MetricsAddress != "" {
		if _, _, err := net.SplitHostPort(o.MetricsAddress); err != nil {
			return fmt.Errorf("the address of the metrics: %w", err)
		}
	}
	if f.prometheus != "" {
		if o.Queues, err = queue.New(f.prometheus); err != nil {
			return err
		}
	}
	return record.Free(o.Folder)
}

// connect reaches the cluster.
func (f *flags) connect(o *experiment.Options) error {
	var err error
	if o.Config, err = cli.Config(f.kubeconfig, experiment.Name+"/"+component.ShortVersion(version)); err != nil {
		return err
	}
	discovery, err := discovery.NewDiscoveryClientForConfig(o.Config)
	if err != nil {
		return fmt.Errorf("reaching the cluster: %w", err)
	}
	kubernetes, err := discovery.ServerVersion()
	if err != nil {
		return fmt.Errorf("no cluster answers: is the kubeconfig right, and is it up? %w", err)
	}
	o.Versions = map[string]string{
		"experiment": component.FullVersion(version), "go": runtime.Version(), "kubernetes": kubernetes.GitVersion,
	}
	switch f.fleet {
	case "local":
		o.Fleet = fleet.Local{Command: f.local}
	case "deployment":
		c, err := client.New(o.Config, client.Options{Scheme: o.Scheme})
		if err != nil {
			return fmt.Errorf("reaching the cluster: %w", err)
		}
		namespace, name, _ := strings.Cut(f.deployment, "/")
		o.Fleet = fleet.Deployment{
			Client: c, Clock: o.Clock, Key: types.NamespacedName{Namespace: namespace, Name: name}, Timeout: o.SetupTimeout,
		}
	}
	return nil
}
