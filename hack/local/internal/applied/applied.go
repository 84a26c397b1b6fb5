// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package applied remembers in the cluster what this command applied to it, so that what an overlay no longer holds can
// be removed, and samples that people changed since are left alone.
package applied

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Book is the ConfigMap in which the record is kept. It goes with the cluster's data, unlike a file.
type Book struct {
	Client client.Client
	Key    client.ObjectKey
}

// Reference names an object.
type Reference struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// Object returns an object that has no more than what the reference names.
func (r Reference) Object() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion(r.APIVersion)
	object.SetKind(r.Kind)
	object.SetNamespace(r.Namespace)
	object.SetName(r.Name)
	return object
}

// Record is what was applied.
type Record struct {
	// Overlay are the objects of the operator's overlay.
	Overlay []Reference `json:"overlay,omitempty"`
	// Sharder are the objects of the sharder, where they are told apart from the operator's.
	Sharder []Reference `json:"sharder,omitempty"`
	// Samples names the samples as they were when they were applied last; empty if they never were.
	Samples string `json:"samples,omitempty"`
}

// References names the objects.
func References(objects []*unstructured.Unstructured) []Reference {
	var references []Reference
	for _, object := range objects {
		references = append(references, Reference{
			APIVersion: object.GetAPIVersion(), Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName(),
		})
	}
	return references
}

// Read reads the record of the cluster; it is empty in a new one.
func (b Book) Read(ctx context.Context) (Record, error) {
	configMap := &corev1.ConfigMap{}
	if err := b.Client.Get(ctx, b.Key, configMap); err != nil {
		if apierrors.IsNotFound(err) {
			return Record{}, nil
		}
		return Record{}, fmt.Errorf("reading what was applied: %w", err)
	}
	var record Record
	if err := json.Unmarshal([]byte(configMap.Data["record"]), &record); err != nil {
		return Record{}, fmt.Errorf("reading what was applied from the ConfigMap %s: %w", b.Key, err)
	}
	return record, nil
}

// Change changes the record of the cluster.
func (b Book) Change(ctx context.Context, change func(*Record)) error {
	record, err := b.Read(ctx)
	if err != nil {
		return err
	}
	change(&record)
	return b.write(ctx, record)
}

func (b Book) write(ctx context.Context, record Record) error {
	content, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("writing what was applied: %w", err)
	}
	configMap := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": b.Key.Namespace, "name": b.Key.Name},
		"data":     map[string]any{"record": string(content)},
	}}
	if err := b.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(configMap), client.ForceOwnership); err != nil {
		return fmt.Errorf("writing what was applied: %w", err)
	}
	return nil
}

// Obsolete returns what was applied before and is not now. Namespaces and definitions of kinds are never among it,
// since all that people made would go with them.
func Obsolete(before, now []Reference) []Reference {
	return slices.DeleteFunc(Without(before, now), func(old Reference) bool {
		return old.Kind == "Namespace" || old.Kind == "CustomResourceDefinition"
	})
}

// Without returns those references that are not among the others.
func Without(references, others []Reference) []Reference {
	return slices.DeleteFunc(slices.Clone(references), func(reference Reference) bool { return slices.Contains(others, reference) })
}

// policyMemory is how long the API server may go on acting by a binding of a policy that was deleted.
const policyMemory = 2 * time.Second

// Remove deletes the objects, and returns how many there were; those that are gone already are fine. Bindings of policies
// go first, and have no effect any more when the rest goes: without the permissions in it, the policies would refuse what
// was allowed.
func Remove(ctx context.Context, c client.Client, references []Reference) (int, error) {
	var bindings, rest []Reference
	for _, reference := range references {
		if strings.HasSuffix(reference.Kind, "AdmissionPolicyBinding") {
			bindings = append(bindings, reference)
		} else {
			rest = append(rest, reference)
		}
	}
	removed, err := remove(ctx, c, bindings)
	if err != nil {
		return 0, err
	}
	if removed > 0 {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(policyMemory):
		}
	}
	more, err := remove(ctx, c, rest)
	return removed + more, err
}

func remove(ctx context.Context, c client.Client, references []Reference) (int, error) {
	removed := 0
	for _, reference := range references {
		err := c.Delete(ctx, reference.Object())
		switch {
		case err == nil:
			removed++
		case !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err): // the kind itself may be gone
			return removed, fmt.Errorf("removing %s %s: %w", reference.Kind, reference.Name, err)
		}
	}
	return removed, nil
}

// Cluster names the cluster together with its data: another one, or the same with fresh data, has another name.
func Cluster(ctx context.Context, c client.Client) (types.UID, error) {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := c.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, namespace); err != nil {
		return "", fmt.Errorf("asking for the name of the cluster: %w", err)
	}
	return namespace.UID, nil
}
