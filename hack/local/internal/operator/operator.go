// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package operator knows the webhosting operator from the outside: its names, how it is built, and what its overlays
// hold for it.
package operator

import (
	"context"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
)

const (
	// Name is the name of the operator's Deployment, of its service account, and of its ring.
	Name = "webhosting-operator"
	// Namespace is where the operator and its leases live.
	Namespace = "webhosting-system"

	// LabelShard holds the shard that an object is assigned to.
	LabelShard = "shard.alpha.sharding.timebertt.dev/" + Name
	// LabelDrain is there while a shard is asked to let an object go.
	LabelDrain = "drain.alpha.sharding.timebertt.dev/" + Name
	// LabelRing marks the leases of shards.
	LabelRing = "alpha.sharding.timebertt.dev/controllerring"
)

// Mode is how the operator runs.
type Mode string

const (
	// Sharded instances share the websites among them.
	Sharded Mode = "sharded"
	// Singleton means that one instance works for all websites.
	Singleton Mode = "singleton"
)

// Overlay returns the folder of the mode's manifests in the checkout.
func (m Mode) Overlay(c checkout.Checkout) string {
	return c.Path("webhosting-operator/config/overlays/" + string(m))
}

// Instances returns the names of the instances of the mode.
func (m Mode) Instances(shards int) []string {
	if m == Singleton {
		return []string{Name}
	}
	names := make([]string, 0, shards)
	for i := range shards {
		names = append(names, fmt.Sprintf("%s-%d", Name, i))
	}
	return names
}

// Binary is where Build puts the program.
func Binary(c checkout.Checkout) string { return c.Path("bin/" + Name) }

// Build builds the operator, with the flags that everything else in a checkout is built with, so that the libraries are
// compiled once. The version control's state is left out, so that the program changes only when the sources do.
func Build(ctx context.Context, c checkout.Checkout) error {
	err := gotool.Run(ctx, c.Path(Name), nil, "build", "-buildvcs=false", "-o", Binary(c), "./cmd/"+Name)
	if err != nil {
		return fmt.Errorf("building the operator: %w", err)
	}
	return nil
}

// ConfigFile returns the configuration file that the operator's Deployment is given: the key of the ConfigMap that the
// argument --config names, in the volume that is mounted there.
func ConfigFile(objects []*unstructured.Unstructured) ([]byte, error) {
	deployment := manifests.Find(objects, "Deployment", Name)
	if deployment == nil {
		return nil, fmt.Errorf("the overlay has no Deployment %s", Name)
	}
	file, err := configArgument(deployment)
	if err != nil {
		return nil, err
	}
	name, err := configMapName(deployment, path.Dir(file))
	if err != nil {
		return nil, err
	}
	configMap := manifests.Find(objects, "ConfigMap", name)
	if configMap == nil {
		return nil, fmt.Errorf("the overlay has no ConfigMap %s, which the Deployment %s mounts", name, Name)
	}
	content, ok, err := unstructured.NestedString(configMap.Object, "data", path.Base(file))
	if err != nil || !ok {
		return nil, fmt.Errorf("the ConfigMap %s has no key %s, which the Deployment %s reads", name, path.Base(file), Name)
	}
	return []byte(content), nil
}

func containers(deployment *unstructured.Unstructured) []map[string]any {
	items, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	return fields(items)
}

func configArgument(deployment *unstructured.Unstructured) (string, error) {
	for _, container := range containers(deployment) {
		arguments, _, _ := unstructured.NestedStringSlice(container, "args")
		for _, argument := range arguments {
			if file, ok := strings.CutPrefix(argument, "--config="); ok {
				return file, nil
			}
		}
	}
	return "", fmt.Errorf("no container of the Deployment %s has an argument --config=FILE", Name)
}

func configMapName(deployment *unstructured.Unstructured, folder string) (string, error) {
	for _, container := range containers(deployment) {
		mounts, _, _ := unstructured.NestedSlice(container, "volumeMounts")
		for _, mount := range fields(mounts) {
			if mount["mountPath"] != folder {
				continue
			}
			volumes, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "volumes")
			for _, volume := range fields(volumes) {
				if name, ok, _ := unstructured.NestedString(volume, "configMap", "name"); ok && volume["name"] == mount["name"] {
					return name, nil
				}
			}
		}
	}
	return "", fmt.Errorf("the Deployment %s mounts no ConfigMap at %s", Name, folder)
}

func fields(items []any) []map[string]any {
	var all []map[string]any
	for _, item := range items {
		if one, ok := item.(map[string]any); ok {
			all = append(all, one)
		}
	}
	return all
}
