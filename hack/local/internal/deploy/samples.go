// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/rollout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/samples"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// maxHints is how many hints are given about one namespace.
const maxHints = 3

// labelProject marks the namespaces that are projects.
const labelProject = "webhosting.timebertt.dev/project"

// Samples applies the samples and waits until they are ready.
func (d *Deploy) Samples(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	d.step("applying the samples")
	if err := d.findOperator(ctx); err != nil {
		return err
	}
	objects, err := d.renderSamples(ctx)
	if err != nil {
		return err
	}
	if err := d.mayCreate(ctx, objects); err != nil {
		return err
	}
	begin := time.Now()
	isNew, err := samples.Apply(ctx, d.book(), objects)
	if err != nil {
		return err
	}
	if isNew {
		d.say("samples     %d objects applied", len(objects))
	} else {
		d.say("samples     applied before: what was done to them since stays")
	}
	keys := samples.Websites(objects)
	if err := d.waitWebsites(ctx, keys); err != nil {
		return err
	}
	d.say("websites    took %s", progress.Seconds(time.Since(begin)))
	d.say("")
	return d.overview(ctx)
}

func (d *Deploy) renderSamples(ctx context.Context) ([]*unstructured.Unstructured, error) {
	kubectl, err := d.findKubectl(ctx)
	if err != nil {
		return nil, err
	}
	return manifests.Render(ctx, kubectl, d.Checkout.Path("webhosting-operator/config/samples"))
}

// findOperator finds out in which mode the operator runs.
func (d *Deploy) findOperator(ctx context.Context) error {
	mode, there, err := d.running(ctx)
	if err != nil {
		return err
	}
	if !there {
		return errors.New("there is no operator in this cluster yet: `make deploy` installs it")
	}
	d.Mode = mode
	return nil
}

func (d *Deploy) waitWebsites(ctx context.Context, keys []string) error {
	d.step("waiting for the websites")
	var shards []string
	if d.Mode.Shares() {
		states, err := d.shardStates(ctx)
		if err != nil {
			return err
		}
		for name := range states {
			shards = append(shards, name)
		}
	}
	waiting, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	result, err := websites.Wait(waiting, d.target.Client, keys, shards, 0, func(settled int) {
		d.say("websites    %d of %d samples are ready", settled, len(keys))
	})
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(result.Unsettled) == 0 {
		return nil
	}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(result.Unsettled)) {
		fmt.Fprintf(&text, "\n  %s: %s", key, result.Unsettled[key])
	}
	for _, hint := range d.hints(ctx, result) {
		fmt.Fprintf(&text, "\n%s", hint)
	}
	return fmt.Errorf("these websites are not ready after %s:%s", d.Timeout, text.String())
}

// hints explain what the websites themselves cannot say: why there are no pods, or nobody works on them.
func (d *Deploy) hints(ctx context.Context, result websites.Result) []string {
	hints := d.outsideProjects(ctx, result.Websites)
	for _, name := range namespaces(result.Websites, func(website websites.Website) bool { return result.Unsettled[website.Key()] != "" }) {
		hints = append(hints, d.workloadHints(ctx, name)...)
	}
	return hints
}

// outsideProjects tells which websites get no shard, where only those of projects do. What cannot be found out is left out.
func (d *Deploy) outsideProjects(ctx context.Context, all []websites.Website) []string {
	if d.Mode != operator.Dedicated {
		return nil
	}
	var problems []string
	for _, name := range namespaces(all, func(website websites.Website) bool { return website.Shard == "" }) {
		namespace := &corev1.Namespace{}
		err := d.target.Client.Get(ctx, client.ObjectKey{Name: name}, namespace)
		if err == nil && namespace.Labels[labelProject] != "true" {
			problems = append(problems, fmt.Sprintf("namespace %s is no project, so its websites get no shard: kubectl label namespace %s %s=true", name, name, labelProject))
		}
	}
	return problems
}

// namespaces returns those of the websites that the condition holds for, each once.
func namespaces(all []websites.Website, condition func(websites.Website) bool) []string {
	var names []string
	for _, website := range all {
		if condition(website) && !slices.Contains(names, website.Namespace) {
			names = append(names, website.Namespace)
		}
	}
	return names
}

// workloadHints say what keeps the Deployments of a namespace from being ready, each thing once.
func (d *Deploy) workloadHints(ctx context.Context, name string) []string {
	deployments, pods := &appsv1.DeploymentList{}, &corev1.PodList{}
	if d.target.Client.List(ctx, deployments, client.InNamespace(name)) != nil || d.target.Client.List(ctx, pods, client.InNamespace(name)) != nil {
		return nil
	}
	var hints []string
	add := func(troubles []rollout.Trouble) {
		for _, trouble := range troubles {
			hints = append(hints, "namespace "+name+", "+trouble.String())
		}
	}
	for i := range deployments.Items {
		add(rollout.Troubles(&deployments.Items[i], nil))
	}
	add(rollout.Troubles(&appsv1.Deployment{}, pods.Items))
	return hints[:min(len(hints), maxHints)]
}
