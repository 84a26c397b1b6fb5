// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestFitting(t *testing.T) {
	object := func(apiVersion, kind string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	}
	const admission = "admissionregistration.k8s.io/v1"
	service, website := object("v1", "Service"), object("webhosting.timebertt.dev/v1alpha1", "Website")
	validating, mutating := object(admission, "ValidatingAdmissionPolicy"), object(admission, "MutatingAdmissionPolicy")
	binding := object(admission, "MutatingAdmissionPolicyBinding")
	definition := object("apiextensions.k8s.io/v1", "CustomResourceDefinition")
	definition.Object["spec"] = map[string]any{"group": "webhosting.timebertt.dev", "names": map[string]any{"kind": "Website"}}
	without := func(kinds ...string) func(schema.GroupVersionKind) bool {
		return func(kind schema.GroupVersionKind) bool { return !slices.Contains(kinds, kind.Kind) }
	}
	all := []*unstructured.Unstructured{service, website, validating, mutating, binding, definition}

	g := NewWithT(t)
	fit, err := fitting(all, without("Website"))
	g.Expect(err).NotTo(HaveOccurred(), "the definition is among the objects")
	g.Expect(fit.Objects).To(Equal(all))
	g.Expect(fit.Warnings).To(BeEmpty())

	fit, err = fitting(all, without("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(fit.Objects).To(HaveExactElements(service, website, validating, definition))
	g.Expect(fit.Warnings).To(ConsistOf(ContainSubstring("Kubernetes 1.36 or newer")))

	_, err = fitting(all, without("ValidatingAdmissionPolicy"))
	g.Expect(err).To(MatchError(And(
		ContainSubstring("admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy"), ContainSubstring("Kubernetes 1.30 or newer"))))

	_, err = fitting([]*unstructured.Unstructured{website}, without("Website"))
	g.Expect(err).To(MatchError(ContainSubstring("webhosting.timebertt.dev/v1alpha1 Website")))
}
