// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
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
