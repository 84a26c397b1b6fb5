// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/target"
)

// looking is what every command looks at.
func looking() []target.Demand {
	return []target.Demand{
		demand("", "configmaps", operator.Namespace, "get", "list"),
		demand("apps", "deployments", operator.Namespace, "get"),
		demand("apps", "deployments", sharder.Namespace, "get"),
		demand("", "pods", operator.Namespace, "list"),
		demand("", "pods", sharder.Namespace, "list"),
		demand("coordination.k8s.io", "leases", operator.Namespace, "list"),
		demand("webhosting.timebertt.dev", "websites", "", "list"),
		demand("sharding.timebertt.dev", "controllerrings", "", "get", "list"),
	}
}

// forgetting is what is done to what shards leave behind.
func forgetting() []target.Demand {
	return []target.Demand{
		demand("coordination.k8s.io", "leases", operator.Namespace, "deletecollection"),
		demand("webhosting.timebertt.dev", "websites", "", "patch"),
	}
}

// mayApply finds out whether the objects may be applied, and removed later.
func (d *Deploy) mayApply(ctx context.Context, objects []*unstructured.Unstructured) error {
	demands, err := d.target.Demands(objects, "create", "patch", "delete")
	if err != nil {
		return err
	}
	demands = append(demands, looking()...)
	demands = append(demands, demand("apiextensions.k8s.io", "customresourcedefinitions", "", "get")) // until it is served
	if !d.Mode.Shares() {
		demands = append(demands, forgetting()...)
	}
	if err := d.target.CheckPermissions(ctx, demands); err != nil {
		return err
	}
	return d.target.CheckGrants(ctx, objects)
}

// mayCreate finds out whether the samples may be created.
func (d *Deploy) mayCreate(ctx context.Context, samples []*unstructured.Unstructured) error {
	demands, err := d.target.Demands(samples, "create", "patch")
	if err != nil {
		return err
	}
	remembering := demand("", "configmaps", operator.Namespace, "create", "patch")
	return d.target.CheckPermissions(ctx, slices.Concat(demands, looking(), []target.Demand{remembering}))
}

// mayRemove finds out whether what was deployed may be stopped and removed.
func (d *Deploy) mayRemove(ctx context.Context, deployed applied.Record, purge bool) error {
	rest := []applied.Reference{namespace(operator.Namespace)}
	if purge || len(deployed.Sharder) > 0 {
		rest = append(rest, definition("")) // of websites, of rings
	}
	removed, waited := objects(slices.Concat(deployed.Overlay, deployed.Sharder)), objects(rest)
	demands, err := d.target.Demands(slices.Concat(removed, waited), "delete")
	if err != nil {
		return err
	}
	stopped, err := d.target.Demands(only(removed, deploymentKind.Kind), "patch")
	if err != nil {
		return err
	}
	gone, err := d.target.Demands(waited, "get")
	if err != nil {
		return err
	}
	demands = slices.Concat(looking(), stopped, demands, gone, forgetting())
	if purge {
		demands = append(demands, demand("webhosting.timebertt.dev", "websites", "", "delete"))
	}
	return d.target.CheckPermissions(ctx, demands)
}

func demand(group, resource, namespace string, verbs ...string) target.Demand {
	return target.Demand{Resource: schema.GroupResource{Group: group, Resource: resource}, Namespace: namespace, Verbs: verbs}
}

// objects returns objects that have no more than what the references name.
func objects(references []applied.Reference) []*unstructured.Unstructured {
	all := make([]*unstructured.Unstructured, 0, len(references))
	for _, reference := range references {
		all = append(all, reference.Object())
	}
	return all
}
