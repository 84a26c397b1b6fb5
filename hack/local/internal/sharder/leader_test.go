// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder_test

import (
	"net/url"
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

func TestLeader(t *testing.T) {
	g := NewWithT(t)
	at := func(address *url.URL) (string, error) {
		return map[string]string{"127.0.0.1:7": "sharder-1"}[address.Host], nil
	}

	leader, err := sharder.Leader(t.Context(), fake.NewClientBuilder().Build(), at)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(leader).To(BeEmpty(), "nobody has led yet")

	leader, err = sharder.Leader(t.Context(), fake.NewClientBuilder().WithObjects(&admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "sharding-webhosting-operator"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:7/path")},
		}},
	}).Build(), at)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(leader).To(Equal("sharder-1"))
}
