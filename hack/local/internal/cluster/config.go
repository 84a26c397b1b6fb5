// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"path/filepath"
	"strconv"

	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/programs"
)

// serviceCIDR holds a million addresses: every Website has a Service, and kwokctl's own default ends at 254.
const serviceCIDR = "10.96.0.0/12"

// The names of the ports in the state. kwokctl needs all of them.
const (
	portEtcd              = "etcd"
	portEtcdPeer          = "etcd peer"
	portAPIServer         = "kube-apiserver"
	portControllerManager = "kube-controller-manager"
	portScheduler         = "kube-scheduler"
	portKwok              = "kwok-controller"
)

var portNames = []string{portAPIServer, portEtcd, portEtcdPeer, portControllerManager, portScheduler, portKwok}

// config is what makes up kwokctl's configuration of the cluster.
type config struct {
	name        string
	programs    string
	auditPolicy string
	auditLog    string
	ports       map[string]int
	// room is how much memory the API server may fill with garbage, in bytes; 0 for what it would by itself.
	room uint64
}

type patch struct {
	Name      string     `json:"name"`
	ExtraArgs []argument `json:"extraArgs"`
	ExtraEnvs []variable `json:"extraEnvs,omitempty"`
}

type argument struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// garbage has the API server collect its garbage late. Each time takes half of two processors for seconds once there are
// thousands of websites, and everything waits meanwhile.
func (c config) garbage() []variable {
	if c.room == 0 {
		return nil
	}
	return []variable{{"GOGC", "1000"}, {"GOMEMLIMIT", strconv.FormatUint(c.room, 10)}}
}

// render returns the configuration as kwokctl reads it.
func (c config) render() ([]byte, error) {
	program := func(name string) string { return filepath.Join(c.programs, name) }
	rendered, err := yaml.Marshal(map[string]any{
		"apiVersion": "config.kwok.x-k8s.io/v1alpha1",
		"kind":       "KwokctlConfiguration",
		"metadata":   map[string]any{"name": c.name},
		"options": map[string]any{
			"runtime":                     "binary",
			"kubeVersion":                 programs.KubernetesVersion,
			"bindAddress":                 "127.0.0.1",
			"disableQPSLimits":            true,
			"etcdPort":                    c.ports[portEtcd],
			"etcdPeerPort":                c.ports[portEtcdPeer],
			"kubeApiserverPort":           c.ports[portAPIServer],
			"kubeControllerManagerPort":   c.ports[portControllerManager],
			"kubeSchedulerPort":           c.ports[portScheduler],
			"kwokControllerPort":          c.ports[portKwok],
			"etcdBinary":                  program("etcd"),
			"kubeApiserverBinary":         program("kube-apiserver"),
			"kubeControllerManagerBinary": program("kube-controller-manager"),
			"kubeSchedulerBinary":         program("kube-scheduler"),
			"kwokControllerBinary":        program("kwok"),
			"kubectlBinary":               program("kubectl"),
		},
		"componentsPatches": []patch{
			// A demonstration need not survive a power cut, and a disk that is slow to sync must not slow it down.
			{Name: "etcd", ExtraArgs: []argument{{"unsafe-no-fsync", "true"}, {"log-level", "warn"}}},
			{Name: "kube-apiserver", ExtraEnvs: c.garbage(), ExtraArgs: []argument{
				{"service-cluster-ip-range", serviceCIDR},
				{"audit-policy-file", c.auditPolicy},
				{"audit-log-path", c.auditLog},
				{"audit-log-maxsize", "1000"},
				{"audit-log-maxbackup", "3"},
			}},
			// There is one of each, and one that loses its lease while the machine sleeps would end for good.
			// The defaults of 5 would make the rollouts of many websites wait for each other, and not for the operator.
			{Name: "kube-controller-manager", ExtraArgs: []argument{
				{"leader-elect", "false"}, {"concurrent-deployment-syncs", "20"}, {"concurrent-replicaset-syncs", "20"},
			}},
			{Name: "kube-scheduler", ExtraArgs: []argument{{"leader-elect", "false"}}},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("rendering the configuration of the cluster: %w", err)
	}
	return rendered, nil
}
