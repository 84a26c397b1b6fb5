// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package programs builds the programs of the local cluster and of the integration tests from their pinned modules,
// into a folder outside the checkout that survives `make clean` and is shared by all checkouts.
package programs

import (
	"fmt"
	"slices"
	"strings"
)

// KubernetesVersion is the version that the Kubernetes programs report. Built from their module they would report
// v0.0.0, which clients cannot work with. It is the version that hack/programs/go.mod requires.
const KubernetesVersion = "v1.36.3"

// Program is one program that can be built.
type Program struct {
	// Name is its file name.
	Name string
	// Package is the main package that it is built from.
	Package string
	// Tags are those that it is built with.
	Tags string
}

// All are the programs that can be built, those that take longest to build first.
var All = []Program{
	{Name: "kube-apiserver", Package: "k8s.io/kubernetes/cmd/kube-apiserver"},
	{Name: "etcd", Package: "go.etcd.io/etcd/server/v3"},
	{Name: "kubectl", Package: "k8s.io/kubernetes/cmd/kubectl"},
	{Name: "kube-controller-manager", Package: "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{Name: "kube-scheduler", Package: "k8s.io/kubernetes/cmd/kube-scheduler"},
	{Name: "kwok", Package: "sigs.k8s.io/kwok/cmd/kwok"},
	{Name: "kwokctl", Package: "sigs.k8s.io/kwok/cmd/kwokctl"},
}

// Prometheus is pinned by a module of its own, hack/prometheus. Of its ways to find what it watches only files are built in:
// the others would be most of it.
var Prometheus = Program{Name: "prometheus", Package: "github.com/prometheus/prometheus/cmd/prometheus", Tags: "remove_all_sd"}

// Select returns the programs of these names, or all of them if no name is given. It fails on a name that is unknown,
// and says which are known.
func Select(names ...string) ([]Program, error) {
	if len(names) == 0 {
		return All, nil
	}
	selected := make([]Program, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(All, func(p Program) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown program %q: the programs are %s", name, strings.Join(allNames(), ", "))
		}
		selected = append(selected, All[i])
	}
	return selected, nil
}

func allNames() []string {
	names := make([]string, 0, len(All))
	for _, p := range All {
		names = append(names, p.Name)
	}
	return names
}
