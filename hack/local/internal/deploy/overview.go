// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/report"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

const (
	// labelState is how the sharder calls a shard, on its lease.
	labelState = "alpha.sharding.timebertt.dev/state"
	// tableLimit is how many websites are printed.
	tableLimit = 25
)

// overview prints what runs, the websites if there are any, and what to try next.
func (d *Deploy) overview(ctx context.Context) error {
	d.step("looking at what runs")
	all, err := websites.List(ctx, d.target.Client)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context, *tabwriter.Writer, []websites.Website) error{
		d.printDeployments, d.printPods, d.printRing,
	} {
		table := tabwriter.NewWriter(d.Out, 0, 0, 2, ' ', 0)
		if err := part(ctx, table, all); err != nil {
			return err
		}
		if err := table.Flush(); err != nil {
			return err
		}
		d.say("")
	}
	if len(all) > 0 {
		if err := report.Websites(d.Out, all, tableLimit); err != nil {
			return err
		}
		d.say("")
	}
	for _, problem := range append(d.outsideProjects(ctx, all), d.unserved(ctx)...) {
		d.say("problem: %s\n", problem)
	}
	return report.AfterDeploy(d.Out, d.Mode, all)
}

func (d *Deploy) printDeployments(ctx context.Context, table *tabwriter.Writer, _ []websites.Website) error {
	fmt.Fprintln(table, "DEPLOYMENT\tREADY\tIMAGE")
	for _, key := range []client.ObjectKey{operatorKey, sharderKey} {
		deployment := &appsv1.Deployment{}
		err := d.target.Client.Get(ctx, key, deployment)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking at the Deployment %s: %w", key, err)
		}
		fmt.Fprintf(table, "%s\t%d/%d\t%s\n", key, deployment.Status.ReadyReplicas, ptr.Deref(deployment.Spec.Replicas, 1),
			deployment.Spec.Template.Spec.Containers[0].Image)
	}
	return nil
}

// printPods prints the pods of operator and sharder: of a shard also its state in the ring, and its share.
func (d *Deploy) printPods(ctx context.Context, table *tabwriter.Writer, all []websites.Website) error {
	states, err := d.shardStates(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(table, "POD\tNODE\tPHASE\tRESTARTS\tSHARD\tWEBSITES")
	for _, key := range []client.ObjectKey{operatorKey, sharderKey} {
		pods := &corev1.PodList{}
		if err := d.target.Client.List(ctx, pods, client.InNamespace(key.Namespace), client.MatchingLabels{"app.kubernetes.io/name": key.Name}); err != nil {
			return fmt.Errorf("listing the pods of %s: %w", key, err)
		}
		for _, pod := range pods.Items {
			restarts := int32(0)
			for _, status := range pod.Status.ContainerStatuses {
				restarts += status.RestartCount
			}
			state, share := "-", "-"
			if lease, ok := states[pod.Name]; ok {
				state, share = cmp.Or(lease, "announced"), fmt.Sprint(count(all, pod.Name))
			} else if key == operatorKey && !d.Mode.Shares() {
				share = fmt.Sprint(len(all))
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", pod.Name, cmp.Or(pod.Spec.NodeName, "-"), phase(&pod), restarts, state, share)
		}
	}
	return nil
}

// phase returns what a pod is at, also when it is about to end, which its own phase does not tell.
func phase(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "Terminating"
	}
	return string(pod.Status.Phase)
}

// printRing prints what the ring says of itself, where there is an object for it.
func (d *Deploy) printRing(ctx context.Context, table *tabwriter.Writer, _ []websites.Website) error {
	if d.Mode != operator.Dedicated {
		fmt.Fprintf(table, "mode\t%s\n", d.Mode.Overlay())
		return nil
	}
	ring := &unstructured.Unstructured{}
	ring.SetGroupVersionKind(ringKind)
	err := d.target.Client.Get(ctx, client.ObjectKey{Name: operator.Name}, ring)
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the ring: %w", err)
	}
	shards, _, _ := unstructured.NestedInt64(ring.Object, "status", "shards")
	available, _, _ := unstructured.NestedInt64(ring.Object, "status", "availableShards")
	fmt.Fprintln(table, "RING\tSHARDS\tAVAILABLE\tREADY")
	fmt.Fprintf(table, "%s\t%d\t%d\t%s\n", ring.GetName(), shards, available, ready(ring))
	return nil
}

// ready returns what the condition Ready of an object says.
func ready(object *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, item := range conditions {
		fields, ok := item.(map[string]any)
		if !ok || fields["type"] != "Ready" {
			continue
		}
		if fields["status"] == "True" {
			return "True"
		}
		return strings.TrimSpace(fmt.Sprintf("%v: %v", fields["status"], fields["message"]))
	}
	return "Unknown"
}

// shardStates returns the state of each shard by its name.
func (d *Deploy) shardStates(ctx context.Context) (map[string]string, error) {
	leases := &coordinationv1.LeaseList{}
	err := d.target.Client.List(ctx, leases, client.InNamespace(operator.Namespace), client.MatchingLabels{operator.LabelRing: operator.Name})
	if err != nil {
		return nil, fmt.Errorf("listing the leases of shards: %w", err)
	}
	states := map[string]string{}
	for _, lease := range leases.Items {
		states[lease.Name] = lease.Labels[labelState]
	}
	return states, nil
}

func count(all []websites.Website, shard string) int {
	n := 0
	for _, website := range all {
		if website.Shard == shard {
			n++
		}
	}
	return n
}
