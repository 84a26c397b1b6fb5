// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

var (
	errNotResumable = errors.New("the cluster cannot be resumed")
	errEtcd         = errors.New("etcd ended while the cluster started")
)

const (
	// startTimeout is how long a start may take on a slow and busy machine.
	startTimeout = 3 * time.Minute
	pollInterval = 100 * time.Millisecond
)

// create chooses ports, writes the configuration and has kwokctl start the cluster. The state says that the cluster is
// complete only when it is.
func (c *Cluster) create(ctx context.Context, st *state) error {
	if err := c.stop(ctx); err != nil {
		return err
	}
	ports.WaitFree(ctx, closingLimit, slices.Collect(maps.Values(st.Ports))...)
	chosen, changes, err := ports.Choose(portNames, st.Ports, c.checkout.Seed(), ports.Free)
	if err != nil {
		return err
	}
	for _, change := range changes {
		fmt.Fprintf(c.out, "port %d of %s is taken by another program: using %d instead\n", change.Old, change.Name, change.New)
	}
	*st = state{Ports: chosen}
	if err := statefile.Write(c.stateFile(), st); err != nil {
		return err
	}
	rendered, err := c.config(chosen).render()
	if err != nil {
		return err
	}
	if err := c.prepare(rendered); err != nil {
		return err
	}
	if err := c.kwokctl(ctx, "--config", c.configFile(), "create", "cluster", "--kubeconfig="); err != nil {
		return err
	}
	// kwokctl would write this file under a lock that it leaves behind when it is interrupted.
	kubeconfig, err := os.ReadFile(c.path("kubeconfig.yaml"))
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if err := statefile.Replace(c.checkout.Kubeconfig(), kubeconfig, 0o600); err != nil {
		return err
	}
	if err := c.waitReady(ctx); err != nil {
		return err
	}
	st.Digest = c.digest(rendered)
	return statefile.Write(c.stateFile(), st)
}

// prepare removes what kwokctl would take for a complete cluster, and keeps what holds data: the keys, which accounts'
// tokens are signed with, and etcd's files.
func (c *Cluster) prepare(rendered []byte) error {
	for _, name := range []string{"bin", "pids", "kwok.yaml", "kubeconfig.yaml", "logs.previous"} {
		if err := os.RemoveAll(c.path(name)); err != nil {
			return fmt.Errorf("removing what is left of an earlier cluster: %w", err)
		}
	}
	if err := os.Rename(c.path("logs"), c.path("logs.previous")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("keeping the logs of an earlier cluster: %w", err)
	}
	if !c.hasData() {
		// Keys without data come from a creation that was interrupted, perhaps while they were written.
		if err := os.RemoveAll(c.path("pki")); err != nil {
			return fmt.Errorf("removing what is left of an earlier cluster: %w", err)
		}
	}
	if err := statefile.Replace(c.checkout.State("audit-policy.yaml"), auditPolicy, 0o644); err != nil {
		return err
	}
	return statefile.Replace(c.configFile(), rendered, 0o644)
}

// startMissing starts the components that do not run.
func (c *Cluster) startMissing(ctx context.Context, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	if err := c.forgetDead(missing); err != nil {
		return err
	}
	return c.kwokctl(ctx, "start", "cluster")
}

// kwokctl runs kwokctl, and gives up as soon as a component ends that the others cannot do without: kwokctl itself
// would wait for it for minutes.
func (c *Cluster) kwokctl(ctx context.Context, arguments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	watched, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go func() { giveUp(c.watch(watched)) }()

	var output bytes.Buffer
	command := exec.CommandContext(watched, c.programs+"/kwokctl", append([]string{"--name", c.checkout.Name()}, arguments...)...)
	command.Env = append(os.Environ(),
		"KWOK_WORKDIR="+c.checkout.State("kwok"),
		// kwokctl takes the first kubectl on the PATH.
		"PATH="+c.programs+string(os.PathListSeparator)+os.Getenv("PATH"),
	)
	command.Stdout, command.Stderr = &output, &output
	// Not in the group that Ctrl-C reaches, so that it is this command alone who decides what happens then.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err := command.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ctx.Err()
	case watched.Err() != nil:
		return fmt.Errorf("starting the cluster: %w", context.Cause(watched))
	default:
		return fmt.Errorf("starting the cluster: %w\n%s", err, bytes.TrimSpace(output.Bytes()))
	}
}

// watch returns when etcd or the API server was there and is no more, or when the context ends.
func (c *Cluster) watch(ctx context.Context) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	seen := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		live, err := c.live(ctx)
		if err != nil {
			continue
		}
		for _, component := range []string{"etcd", "kube-apiserver"} {
			running := slices.ContainsFunc(live, func(p processes.Process) bool { return p.Program() == component })
			if seen[component] && !running && ctx.Err() == nil {
				return c.ended(component)
			}
			seen[component] = seen[component] || running
		}
	}
}

func (c *Cluster) ended(component string) error {
	if component == "etcd" {
		return fmt.Errorf("%w\nthe end of its log:\n%s", errEtcd, logtail.Tail(c.path("logs", component+".log"), 10))
	}
	return fmt.Errorf("%s ended while the cluster started\nthe end of its log:\n%s", component, logtail.Tail(c.path("logs", component+".log"), 10))
}

// waitReady waits until the API server is ready and every component runs. Those that gave up because the API server
// came too late for them are started again.
func (c *Cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		reason := kube.Ready(ctx, c.checkout.Kubeconfig())
		live, err := c.live(ctx)
		if err != nil {
			return err
		}
		missing := dead(live)
		switch {
		case reason == nil && len(missing) == 0:
			return nil
		case slices.Contains(missing, "etcd"):
			return c.ended("etcd")
		case slices.Contains(missing, "kube-apiserver"):
			return c.ended("kube-apiserver")
		case reason == nil:
			if err := c.startMissing(ctx, missing); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the cluster: %w; not running: %v; API server: %w", ctx.Err(), missing, reason)
		case <-ticker.C:
		}
	}
}

// portsAreOurs ends what runs, and reports whether all chosen ports are free then: if not, another program took one.
func (c *Cluster) portsAreOurs(ctx context.Context, st state) bool {
	if err := c.stop(ctx); err != nil {
		return false
	}
	chosen := slices.Collect(maps.Values(st.Ports))
	ports.WaitFree(ctx, closingLimit, chosen...)
	return allFree(chosen)
}

func allFree(needed []int) bool {
	return !slices.ContainsFunc(needed, func(port int) bool { return !ports.Free(port) })
}

func (c *Cluster) hasData() bool {
	_, err := os.Stat(c.path("etcd", "member"))
	return err == nil
}

func (c *Cluster) removeData(ctx context.Context) error {
	if err := c.stop(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(c.path()); err != nil {
		return fmt.Errorf("removing the data of an earlier cluster: %w", err)
	}
	return nil
}

func (c *Cluster) configFile() string { return c.checkout.State("kwokctl.yaml") }
