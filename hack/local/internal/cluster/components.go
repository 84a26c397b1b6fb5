// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
)

// components are the programs that make up the cluster, as kwokctl names them.
var components = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller"}

// portsOf names the ports that a component listens on.
func portsOf(component string) []string {
	if component == "etcd" {
		return []string{portEtcd, portEtcdPeer}
	}
	return []string{component}
}

// etcdGrace is how long etcd may take to write out its data.
const etcdGrace = 10 * time.Second

// live returns the processes of the cluster. Those that kwokctl asks for their version are none.
func (c *Cluster) live(ctx context.Context) ([]processes.Process, error) {
	ours := processes.InFolder(c.path("bin"))
	return processes.Find(ctx, func(p processes.Process) bool {
		return ours(p) && !slices.Contains(p.Args, "--version")
	})
}

// dead returns the components that no process runs.
func dead(live []processes.Process) []string {
	var missing []string
	for _, component := range components {
		if !slices.ContainsFunc(live, func(p processes.Process) bool { return p.Program() == component }) {
			missing = append(missing, component)
		}
	}
	return missing
}

// stop ends all processes of the cluster. Only etcd has something to write out.
func (c *Cluster) stop(ctx context.Context) error {
	live, err := c.live(ctx)
	if err != nil {
		return err
	}
	isEtcd := func(p processes.Process) bool { return p.Program() == "etcd" }
	others := slices.DeleteFunc(slices.Clone(live), isEtcd)
	if err := processes.End(ctx, 0, others...); err != nil {
		return err
	}
	etcd := slices.DeleteFunc(live, func(p processes.Process) bool { return !isEtcd(p) })
	return processes.End(ctx, etcdGrace, etcd...)
}

// forgetDead removes the pid files of components that do not run, since kwokctl takes any process that has got the
// number meanwhile for the component.
func (c *Cluster) forgetDead(dead []string) error {
	for _, component := range dead {
		err := os.Remove(c.path("pids", component+".pid"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a stale pid file: %w", err)
		}
	}
	return nil
}

// path returns the path of something in the folder that kwokctl keeps the cluster in.
func (c *Cluster) path(elements ...string) string {
	return filepath.Join(append([]string{c.checkout.State("kwok/clusters"), c.checkout.Name()}, elements...)...)
}
