// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster runs the local cluster: a real etcd, API server, controller manager and scheduler, with nodes and
// pods that KWOK simulates, all of them plain processes that kwokctl starts.
package cluster

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// attempts is how often a start is tried with other ports, in case that another program took one between the moment it
// was found free and the moment it was needed.
const attempts = 3

// closingLimit is how long the system may take to close the ports of a process that ended.
const closingLimit = 2 * time.Second

//go:embed audit-policy.yaml
var auditPolicy []byte

//go:embed nodes.yaml
var nodes []byte

// Cluster is the local cluster of a checkout, running or not.
type Cluster struct {
	checkout checkout.Checkout
	programs string
	out      io.Writer

	// Room is how much memory the API server may fill with garbage before it collects it, in bytes; 0 for what it would by
	// itself. With much of it, loads meet fewer of the pauses that its collections are.
	Room uint64
}

// New returns the local cluster of the checkout. The programs are the folder that they were built into; out receives
// what is worth telling.
func New(checkout checkout.Checkout, programs string, out io.Writer) *Cluster {
	return &Cluster{checkout: checkout, programs: programs, out: out}
}

// state is what is known about the cluster from one start to the next.
type state struct {
	// Ports are kept, so that a kubeconfig that somebody copied works on.
	Ports map[string]int `json:"ports"`
	// Digest names the configuration and the programs that the cluster was completely started with; it is empty until
	// then.
	Digest string `json:"digest"`
}

// Up makes the cluster run, and returns whether it had to start anything. What is left of an earlier cluster, however
// it ended, is resumed with its data.
func (c *Cluster) Up(ctx context.Context) (started bool, err error) {
	// kwokctl would use the part before the white space, which is somebody else's folder.
	if folder := c.checkout.State(""); strings.ContainsFunc(folder, unicode.IsSpace) {
		return false, fmt.Errorf("kwokctl cannot work in a folder whose path has a space in it: move the checkout out of %q", folder)
	}
	var st state
	if err := statefile.Read(c.stateFile(), &st); err != nil {
		// Nothing but ports and a digest is lost.
		fmt.Fprintf(c.out, "ignoring the state of an earlier cluster: %v\n", err)
		st = state{}
	}
	changed, err := c.resume(ctx, st)
	if errors.Is(err, errNotResumable) {
		changed, err = true, c.restart(ctx, st)
	}
	if err != nil {
		return false, err
	}
	return changed, c.applyNodes(ctx)
}

// resume starts what is missing of a cluster that was complete once.
func (c *Cluster) resume(ctx context.Context, st state) (started bool, err error) {
	rendered, err := c.config(st.Ports).render()
	if err != nil {
		return false, err
	}
	if st.Digest == "" || st.Digest != c.digest(rendered) {
		return false, errNotResumable
	}
	live, err := c.live(ctx)
	if err != nil {
		return false, err
	}
	missing := dead(live)
	var needed []int
	for _, component := range missing {
		for _, name := range portsOf(component) {
			needed = append(needed, st.Ports[name])
		}
	}
	ports.WaitFree(ctx, closingLimit, needed...)
	if !allFree(needed) {
		return false, errNotResumable
	}
	if len(missing) > 0 && len(live) > 0 {
		fmt.Fprintf(c.out, "restarting what had ended of the cluster: %v\n", missing)
	}
	err = c.startMissing(ctx, missing)
	if err == nil {
		err = c.waitReady(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		fmt.Fprintf(c.out, "the cluster does not get ready, restarting it: %s\n", firstLine(err))
		return false, errNotResumable
	}
	return len(missing) > 0, nil
}

// restart ends whatever runs and starts the cluster with a fresh configuration, on the data that are there.
func (c *Cluster) restart(ctx context.Context, st state) error {
	for attempt := 1; ; attempt++ {
		err := c.create(ctx, &st)
		if err == nil || ctx.Err() != nil {
			return err
		}
		switch {
		case errors.Is(err, errEtcd) && c.hasData() && c.portsAreOurs(ctx, st):
			fmt.Fprintln(c.out, "etcd cannot work with the data of the earlier cluster: starting with an empty one")
			if err := c.removeData(ctx); err != nil {
				return err
			}
		case attempt < attempts && !c.portsAreOurs(ctx, st):
		default:
			return err
		}
	}
}

// Down ends the cluster and removes all that belongs to it. A cluster that does not run is fine.
func (c *Cluster) Down(ctx context.Context) error {
	if err := c.stop(ctx); err != nil {
		return err
	}
	for _, path := range []string{c.checkout.State("kwok"), c.checkout.Kubeconfig(), c.stateFile()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing the cluster: %w", err)
		}
	}
	return nil
}

func (c *Cluster) applyNodes(ctx context.Context) error {
	objects, err := manifests.Parse(nodes)
	if err != nil {
		return err
	}
	client, err := kube.Client(c.checkout.Kubeconfig())
	if err != nil {
		return err
	}
	return manifests.Apply(ctx, client, objects)
}

func (c *Cluster) config(chosen map[string]int) config {
	return config{
		name:        c.checkout.Name(),
		programs:    c.programs,
		auditPolicy: c.checkout.State("audit-policy.yaml"),
		auditLog:    c.checkout.State("audit.log"),
		ports:       chosen,
		room:        c.Room,
	}
}

func (c *Cluster) digest(rendered []byte) string {
	hash := sha256.New()
	hash.Write(rendered)
	hash.Write(auditPolicy)
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func (c *Cluster) stateFile() string { return c.checkout.State("cluster.json") }
