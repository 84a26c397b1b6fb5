// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package instances makes what a process of the operator needs to act like one of its pods: a kubeconfig with the
// service account's own token, a configuration file, ports and a command line.
package instances

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// Plan says which instances shall run, and with what.
type Plan struct {
	Checkout checkout.Checkout
	Mode     operator.Mode
	// Shards is the number of instances in sharded mode.
	Shards int
	// Config is the content of the operator's configuration file.
	Config []byte
	// Cluster names the cluster and its data: an instance must not live on into another one.
	Cluster string
}

// Folder is where the instances' files lie, each in a folder of its own.
func Folder(c checkout.Checkout) supervisor.Folder { return supervisor.Folder(c.State("instances")) }

// Write writes the files of the instances, and returns what the supervisor shall run.
func (p Plan) Write(ctx context.Context) ([]supervisor.Instance, error) {
	binary, err := digestOf(operator.Binary(p.Checkout))
	if err != nil {
		return nil, err
	}
	configFile := filepath.Join(string(Folder(p.Checkout)), "operator-config.yaml")
	if err := statefile.Replace(configFile, p.Config, 0o644); err != nil {
		return nil, err
	}
	names := p.Mode.Instances(p.Shards)
	chosen, err := p.choosePorts(names)
	if err != nil {
		return nil, err
	}
	var all []supervisor.Instance
	for _, name := range names {
		folder := filepath.Join(string(Folder(p.Checkout)), name)
		kubeconfig, err := writeKubeconfig(p.Checkout, folder)
		if err != nil {
			return nil, err
		}
		command := []string{
			operator.Binary(p.Checkout),
			"--config=" + configFile,
			"--kubeconfig=" + filepath.Join(folder, "kubeconfig"),
			"--metrics-bind-address=127.0.0.1:" + strconv.Itoa(chosen[metricsPort(name)]),
			"--health-probe-bind-address=127.0.0.1:" + strconv.Itoa(chosen[healthPort(name)]),
		}
		if p.Mode == operator.Sharded {
			command = append(command, "--shard-name="+name)
		}
		all = append(all, supervisor.Instance{
			Name: name, Folder: folder, Command: command,
			Digest: digest(fmt.Sprint(command), string(p.Config), string(kubeconfig), binary, p.Cluster),
		})
	}
	return all, nil
}

func healthPort(name string) string  { return name + " health" }
func metricsPort(name string) string { return name + " metrics" }

func portsFile(c checkout.Checkout) string { return filepath.Join(string(Folder(c)), "ports.json") }

// Ports returns the ports of an instance for its health and its metrics; zero if it never had any.
func Ports(c checkout.Checkout, name string) (health, metrics int, err error) {
	had := map[string]int{}
	if err := statefile.Read(portsFile(c), &had); err != nil {
		return 0, 0, err
	}
	return had[healthPort(name)], had[metricsPort(name)], nil
}

// choosePorts chooses ports for the instances. Those of instances that run are theirs, though not free.
func (p Plan) choosePorts(names []string) (map[string]int, error) {
	had := map[string]int{}
	if err := statefile.Read(portsFile(p.Checkout), &had); err != nil {
		return nil, err
	}
	status, err := Folder(p.Checkout).Status()
	if err != nil {
		return nil, err
	}
	own := map[int]bool{}
	if status != nil {
		for _, instance := range status.Instances {
			own[had[healthPort(instance.Name)]], own[had[metricsPort(instance.Name)]] = true, true
		}
	}
	var wanted []string
	for _, name := range names {
		wanted = append(wanted, healthPort(name), metricsPort(name))
	}
	// Far from the cluster's own ports, which may be down just now and get theirs back.
	const apart = 100
	chosen, _, err := ports.Choose(wanted, had, p.Checkout.Seed()+apart, func(port int) bool {
		return own[port] || ports.Free(port)
	})
	if err != nil {
		return nil, err
	}
	// The ports of instances that are not wanted now are remembered for later.
	maps.Copy(had, chosen)
	return chosen, statefile.Write(portsFile(p.Checkout), had)
}

func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the operator's program: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading the operator's program: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func digest(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d\n%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}
