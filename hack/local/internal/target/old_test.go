// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/version"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/target"
)

// TestFitSaysWhichVersionIsNeeded asks an API server of Kubernetes 1.29, as far as that can be told from outside.
func TestFitSaysWhichVersionIsNeeded(t *testing.T) {
	g := NewWithT(t)
	old := metav1.GroupVersionForDiscovery{GroupVersion: "admissionregistration.k8s.io/v1", Version: "v1"}
	answers := map[string]any{
		"/version": version.Info{GitVersion: "v1.29.14"},
		"/api":     metav1.APIVersions{Versions: []string{"v1"}},
		"/api/v1": metav1.APIResourceList{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "services", Kind: "Service", Namespaced: true, Verbs: metav1.Verbs{"get"}},
		}},
		"/apis": metav1.APIGroupList{Groups: []metav1.APIGroup{
			{Name: "admissionregistration.k8s.io", Versions: []metav1.GroupVersionForDiscovery{old}, PreferredVersion: old},
		}},
		"/apis/admissionregistration.k8s.io/v1": metav1.APIResourceList{GroupVersion: old.GroupVersion, APIResources: []metav1.APIResource{
			{Name: "mutatingwebhookconfigurations", Kind: "MutatingWebhookConfiguration", Verbs: metav1.Verbs{"get"}},
		}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(file, []byte(strings.Replace(unreachable, "https://127.0.0.1:1", server.URL, 1)), 0o600)).To(Succeed())
	t.Setenv("KUBECONFIG", file)
	cluster, err := target.Connect(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())

	object := func(apiVersion, kind string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	}
	service := object("v1", "Service")
	fit, err := cluster.Fit([]*unstructured.Unstructured{service, object("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy")})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(fit.Objects).To(HaveExactElements(service))
	g.Expect(fit.Warnings).To(ConsistOf(ContainSubstring("Kubernetes 1.36 or newer")))

	_, err = cluster.Fit([]*unstructured.Unstructured{service, object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")})
	g.Expect(err).To(MatchError(And(
		ContainSubstring(server.URL), ContainSubstring("Kubernetes v1.29.14"), ContainSubstring("Kubernetes 1.30 or newer"),
		ContainSubstring("Nothing was changed"),
	)))
}
