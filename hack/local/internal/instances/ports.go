// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

func healthPort(name string) string  { return name + " health" }
func metricsPort(name string) string { return name + " metrics" }
func webhookPort(name string) string { return name + " webhook" }

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func portsFile(c checkout.Checkout) string { return filepath.Join(string(Folder(c)), "ports.json") }

// Ports returns the ports of an instance for its health and its metrics; zero if it never had any.
func Ports(c checkout.Checkout, name string) (health, metrics int, err error) {
	had := map[string]int{}
	if err := statefile.Read(portsFile(c), &had); err != nil {
		return 0, 0, err
	}
	return had[healthPort(name)], had[metricsPort(name)], nil
}

// AtWebhook returns the instance whose webhook has the URL; none if it is nobody's.
func AtWebhook(c checkout.Checkout, url *url.URL, names []string) (string, error) {
	had := map[string]int{}
	if err := statefile.Read(portsFile(c), &had); err != nil {
		return "", err
	}
	for _, name := range names {
		if port := had[webhookPort(name)]; port != 0 && url.Host == address(port) {
			return name, nil
		}
	}
	return "", nil
}

// choosePorts chooses ports for the instances. Those of instances that run are theirs, though not free.
func (p Plan) choosePorts(programs []program) (map[string]int, error) {
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
			own[had[healthPort(instance.Name)]] = true
			own[had[metricsPort(instance.Name)]] = true
			own[had[webhookPort(instance.Name)]] = true
		}
	}
	var wanted []string
	for _, program := range programs {
		for _, name := range program.instances {
			wanted = append(wanted, healthPort(name), metricsPort(name))
			if program.webhook {
				wanted = append(wanted, webhookPort(name))
			}
		}
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
