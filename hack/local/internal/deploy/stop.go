// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
)

// pollInterval is how often it is looked whether pods are gone.
const pollInterval = 300 * time.Millisecond

var (
	deploymentKind = appsv1.SchemeGroupVersion.WithKind("Deployment")
	configMapKind  = corev1.SchemeGroupVersion.WithKind("ConfigMap")
	ringKind       = schema.GroupVersionKind{Group: "sharding.timebertt.dev", Version: "v1alpha1", Kind: "ControllerRing"}
)

// stopOther stops what runs in another mode than the wanted one: the instances of the operator, and who decides about
// their websites.
func (d *Deploy) stopOther(ctx context.Context, obsolete applied.Record) error {
	d.step("stopping what runs in another mode")
	mode, there, err := d.running(ctx)
	if err != nil || !there || mode == d.Mode {
		return err
	}
	d.say("operator    changes its mode from %s to %s: it stops first", unknownOr(mode), d.Mode.Overlay())
	begin := time.Now()
	if err := d.stop(ctx, obsolete); err != nil {
		return err
	}
	d.say("operator    stopped in %s; the websites are served meanwhile", progress.Seconds(time.Since(begin)))
	return nil
}

// stop stops the operator and whatever of the sharder is obsolete, and waits until no pod is left. The ring goes before
// anything, so that a sharder that stays for other rings leaves these websites alone.
func (d *Deploy) stop(ctx context.Context, obsolete applied.Record) error {
	var rings []applied.Reference
	for _, reference := range obsolete.Overlay {
		if reference.Kind == ringKind.Kind {
			rings = append(rings, reference)
		}
	}
	if _, err := applied.Remove(ctx, d.target.Client, rings); err != nil {
		return err
	}
	keys := []client.ObjectKey{operatorKey}
	if len(obsolete.Sharder) > 0 {
		keys = append(keys, sharderKey)
	}
	for _, key := range keys {
		deployment := &appsv1.Deployment{}
		deployment.Namespace, deployment.Name = key.Namespace, key.Name
		patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0}}`))
		if err := client.IgnoreNotFound(d.target.Client.Patch(ctx, deployment, patch)); err != nil {
			return fmt.Errorf("stopping the Deployment %s: %w", key, err)
		}
	}
	for _, key := range keys {
		if err := d.waitGone(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// waitGone waits until no pod of a Deployment is left: one that is about to end may still write.
func (d *Deploy) waitGone(ctx context.Context, key client.ObjectKey) error {
	end := time.Now().Add(d.Timeout)
	for {
		pods := &corev1.PodList{}
		err := d.target.Client.List(ctx, pods, client.InNamespace(key.Namespace), client.MatchingLabels{"app.kubernetes.io/name": key.Name})
		if err != nil {
			return fmt.Errorf("listing the pods of the Deployment %s: %w", key, err)
		}
		left := ""
		for _, pod := range pods.Items {
			// What has ended writes no more, though its object may stay.
			if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
				left = fmt.Sprintf("%s on node %s", pod.Name, pod.Spec.NodeName)
			}
		}
		if left == "" {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the pod %s did not end within %s. If its node is gone for good, delete the pod by force; then try again", left, d.Timeout)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// running returns the mode that the operator runs in, and whether it is there at all. A mode that cannot be told is empty.
func (d *Deploy) running(ctx context.Context) (mode operator.Mode, there bool, err error) {
	objects, err := d.installed(ctx)
	if err != nil || len(objects) == 0 {
		return "", false, err
	}
	config, err := manifests.ConfigFile(objects, operator.Name)
	if err != nil {
		return "", true, nil //nolint:nilerr // somebody else's Deployment: its mode is not known
	}
	return modeOf(config), true, nil
}

// installed returns the Deployment of the operator and what it may be configured by; nothing if there is no operator.
func (d *Deploy) installed(ctx context.Context) ([]*unstructured.Unstructured, error) {
	deployment := &unstructured.Unstructured{}
	deployment.SetGroupVersionKind(deploymentKind)
	err := d.target.Client.Get(ctx, operatorKey, deployment)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the operator: %w", err)
	}
	configMaps := &unstructured.UnstructuredList{}
	configMaps.SetGroupVersionKind(configMapKind)
	if err := d.target.Client.List(ctx, configMaps, client.InNamespace(operator.Namespace)); err != nil {
		return nil, fmt.Errorf("looking for the operator's configuration: %w", err)
	}
	objects := []*unstructured.Unstructured{deployment}
	for i := range configMaps.Items {
		objects = append(objects, &configMaps.Items[i])
	}
	return objects, nil
}

// modeOf returns the mode that a configuration file of the operator says; it is empty if that is not known here.
func modeOf(config []byte) operator.Mode {
	var content struct {
		Sharding struct {
			Mode string `json:"mode"`
		} `json:"sharding"`
	}
	if err := yaml.Unmarshal(config, &content); err != nil {
		return ""
	}
	switch content.Sharding.Mode {
	case "", "None":
		return operator.Singleton
	case "Both":
		return operator.Sharded
	case "Shard":
		return operator.Dedicated
	default:
		return ""
	}
}

func unknownOr(mode operator.Mode) string {
	if mode == "" {
		return "one that is not known"
	}
	return mode.Overlay()
}

// otherRings returns the names of the rings in the cluster that are not the operator's.
func (d *Deploy) otherRings(ctx context.Context) ([]string, error) {
	rings := &unstructured.UnstructuredList{}
	rings.SetGroupVersionKind(ringKind)
	err := d.target.Client.List(ctx, rings)
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the rings: %w", err)
	}
	var names []string
	for _, ring := range rings.Items {
		if ring.GetName() != operator.Name {
			names = append(names, ring.GetName())
		}
	}
	return names, nil
}
