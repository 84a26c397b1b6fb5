// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// assigned is what the webhook labels widgets with.
const assigned = "by-webhook"

// optOut on a widget keeps the webhook from it.
const optOut = "unassigned"

// startWebhook assigns widgets that have no label of ring A within the request that creates or updates them, as the
// sharder's webhook does.
func startWebhook(ctx context.Context) {
	GinkgoHelper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer GinkgoRecover()
		review := &admissionv1.AdmissionReview{}
		Expect(json.NewDecoder(r.Body).Decode(review)).To(Succeed())
		object := &metav1.PartialObjectMetadata{}
		Expect(json.Unmarshal(review.Request.Object.Raw, object)).To(Succeed())

		path, value := "/metadata/labels/shard.alpha.sharding.timebertt.dev~1ring-a", any(assigned)
		if object.Labels == nil {
			path, value = "/metadata/labels", map[string]string{shardLabelA: assigned}
		}
		patch, err := json.Marshal([]map[string]any{{"op": "add", "path": path, "value": value}})
		Expect(err).NotTo(HaveOccurred())
		patchType := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, Patch: patch, PatchType: &patchType}
		Expect(json.NewEncoder(w).Encode(review)).To(Succeed())
	}))
	DeferCleanup(server.Close)

	fail, none, url := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, server.URL
	Expect(admin.Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "ring-a"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "ring-a.test.dev",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL: &url, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			Rules: []admissionregistrationv1.RuleWithOperations{rule("test.dev", "widgets").RuleWithOperations},
			ObjectSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: shardLabelA, Operator: metav1.LabelSelectorOpDoesNotExist},
				{Key: optOut, Operator: metav1.LabelSelectorOpDoesNotExist},
			}},
			FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		}},
	})).To(Succeed())
	Eventually(func(g Gomega) {
		object := widget("await-")
		g.Expect(admin.Create(ctx, object)).To(Succeed())
		g.Expect(object.GetLabels()).To(HaveKeyWithValue(shardLabelA, assigned))
	}).Should(Succeed())
}
