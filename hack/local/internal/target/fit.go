// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// optional are the kinds without which the rest works, but for what is said here.
var optional = map[string]string{
	"MutatingAdmissionPolicy": "who copies a website with its labels is refused instead of having them dropped, and setting a" +
		" shard label where there is none is not refused",
}

// provider says where a kind comes from that a cluster may lack.
var provider = map[string]string{
	"ValidatingAdmissionPolicy": "Kubernetes 1.30 or newer",
	"MutatingAdmissionPolicy":   "Kubernetes 1.36 or newer",
	"ServiceMonitor":            "the Prometheus operator (or leave the component monitoring out)",
	"PodMonitor":                "the Prometheus operator (or leave the component monitoring out)",
	"Certificate":               "cert-manager (or leave the component cert-manager out)",
	"Issuer":                    "cert-manager (or leave the component cert-manager out)",
}

// Fit is what is left of some objects in a cluster.
type Fit struct {
	Objects []*unstructured.Unstructured
	// Warnings say what does not work without the objects that are missing.
	Warnings []string
}

// Fit leaves out what the cluster does not serve and can be done without. It is an error if the cluster does not serve what
// is needed.
func (t *Target) Fit(objects []*unstructured.Unstructured) (Fit, error) {
	var failure error
	fit, err := fitting(objects, func(kind schema.GroupVersionKind) bool {
		_, err := t.Client.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil && !meta.IsNoMatchError(err) && failure == nil {
			failure = fmt.Errorf("asking for the kinds that the cluster knows: %w", err)
		}
		return err == nil
	})
	if failure != nil {
		return Fit{}, failure
	}
	if err != nil {
		return Fit{}, fmt.Errorf("the cluster at %s, Kubernetes %s, %w", t.Server, t.Version, err)
	}
	return fit, nil
}

func fitting(objects []*unstructured.Unstructured, served func(schema.GroupVersionKind) bool) (Fit, error) {
	var fit Fit
	var missing []string
	for _, object := range objects {
		kind := object.GroupVersionKind()
		if defined(objects, kind) || served(kind) {
			fit.Objects = append(fit.Objects, object)
			continue
		}
		policy := strings.TrimSuffix(kind.Kind, "Binding")
		text := kind.GroupVersion().String() + " " + policy
		if from, ok := provider[policy]; ok {
			text += ", which comes with " + from
		}
		if consequence, ok := optional[policy]; ok {
			text = "the cluster does not serve " + text + ". Without it, " + consequence
			if !slices.Contains(fit.Warnings, text) {
				fit.Warnings = append(fit.Warnings, text)
			}
			continue
		}
		if !slices.Contains(missing, text) {
			missing = append(missing, text)
		}
	}
	if len(missing) > 0 {
		return Fit{}, fmt.Errorf("does not serve\n  %s\nNothing was changed", strings.Join(missing, "\n  "))
	}
	return fit, nil
}

// defined reports whether one of the objects is the definition of the kind.
func defined(objects []*unstructured.Unstructured, kind schema.GroupVersionKind) bool {
	return slices.ContainsFunc(objects, func(object *unstructured.Unstructured) bool {
		if object.GetKind() != "CustomResourceDefinition" {
			return false
		}
		group, _, _ := unstructured.NestedString(object.Object, "spec", "group")
		name, _, _ := unstructured.NestedString(object.Object, "spec", "names", "kind")
		return group == kind.Group && name == kind.Kind
	})
}
