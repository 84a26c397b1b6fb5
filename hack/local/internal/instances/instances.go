// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package instances makes what a process of the operator, or of the sharder, needs to act like one of its pods: a
// kubeconfig with the service account's own token, a configuration file, ports and a command line.
package instances

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// Plan says which instances shall run, and with what.
type Plan struct {
	Checkout checkout.Checkout
	Mode     operator.Mode
	// Shards is the number of instances of the operator in the modes in which they share the websites.
	Shards int
	// Config is the content of the operator's configuration file.
	Config []byte
	// SharderConfig is the content of the sharder's configuration file, where it runs apart.
	SharderConfig []byte
	// Profiling has the instances serve profiles.
	Profiling bool
	// CPU is the number of processors that each instance may use; 0 for all that there are.
	CPU float64
	// Cluster names the cluster and its data: an instance must not live on into another one.
	Cluster string
}

// Folder is where the instances' files lie, each in a folder of its own.
func Folder(c checkout.Checkout) supervisor.Folder { return supervisor.Folder(c.State("instances")) }

// Binaries are the programs that instances run.
func Binaries(c checkout.Checkout) []string {
	return []string{operator.Binary(c), sharder.Binary(c)}
}

// Write writes the files of the instances, and returns what the supervisor shall run.
func (p Plan) Write(ctx context.Context) ([]supervisor.Instance, error) {
	if err := p.remember(); err != nil {
		return nil, err
	}
	programs := p.programs()
	chosen, err := p.choosePorts(programs)
	if err != nil {
		return nil, err
	}
	var all []supervisor.Instance
	for _, program := range programs {
		binary, err := digestOf(program.binary)
		if err != nil {
			return nil, err
		}
		for _, name := range program.instances {
			instance, err := p.write(program, name, chosen, binary)
			if err != nil {
				return nil, err
			}
			all = append(all, instance)
		}
	}
	return all, nil
}

// write writes the files of one instance. The digest is that of its program.
func (p Plan) write(program program, name string, chosen map[string]int, binary string) (supervisor.Instance, error) {
	folder := filepath.Join(string(Folder(p.Checkout)), name)
	kubeconfig, err := writeKubeconfig(p.Checkout, folder)
	if err != nil {
		return supervisor.Instance{}, err
	}
	config, err := program.config(chosen[webhookPort(name)])
	if err != nil {
		return supervisor.Instance{}, err
	}
	if p.Profiling {
		if config, err = withProfiling(config); err != nil {
			return supervisor.Instance{}, err
		}
	}
	configFile := filepath.Join(folder, "config.yaml")
	if err := statefile.Replace(configFile, config, 0o644); err != nil {
		return supervisor.Instance{}, err
	}
	command := []string{
		program.binary,
		"--config=" + configFile,
		"--kubeconfig=" + filepath.Join(folder, "kubeconfig"),
		"--metrics-bind-address=" + address(chosen[metricsPort(name)]),
		"--health-probe-bind-address=" + address(chosen[healthPort(name)]),
	}
	if program.nameFlag != "" {
		command = append(command, program.nameFlag+"="+name)
	}
	if program.webhook {
		command = append(command, "--webhook-bind-address="+address(chosen[webhookPort(name)]))
	}
	return supervisor.Instance{
		Name: name, Folder: folder, Command: command, ServiceAccount: program.account, CPU: p.CPU,
		Digest: digest(fmt.Sprint(command), string(config), string(kubeconfig), binary, p.Cluster, fmt.Sprint(p.CPU)),
	}, nil
}

func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a program: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading a program: %w", err)
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
