// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
)

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
