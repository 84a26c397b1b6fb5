// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"encoding/base64"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
)

var _ = Describe("Configuration", func() {
	get := func(ctx context.Context) *admissionregistrationv1.MutatingWebhookConfiguration {
		GinkgoHelper()
		configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
		Expect(apiServer.Get(ctx, client.ObjectKey{Name: "sharding-example"}, configuration)).To(Succeed())
		return configuration
	}

	It("is written only if it differs, and heals", func(ctx context.Context) {
		Expect(apply(ctx, options())).To(BeTrue())
		Expect(apply(ctx, options())).To(BeFalse())

		spoilt := get(ctx)
		spoilt.Webhooks[0].FailurePolicy = new(admissionregistrationv1.Fail)
		spoilt.Webhooks[0].Rules[0].Resources = []string{"*"}
		Expect(apiServer.Update(ctx, spoilt)).To(Succeed())
		Expect(apply(ctx, options())).To(BeTrue())
		Expect(get(ctx).Webhooks).To(Equal(admission.WebhookConfiguration(exampleRing(), options()).Webhooks))
	})

	It("loses the webhook for controlled resources with the last of them, and keeps what others added", func(ctx context.Context) {
		apply(ctx, options())
		foreign := get(ctx)
		foreign.Labels["foreign"] = "label"
		foreign.Webhooks = append(foreign.Webhooks, admissionregistrationv1.MutatingWebhook{
			Name: "foreign.example.com", AdmissionReviewVersions: []string{"v1"},
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:1")}, SideEffects: new(admissionregistrationv1.SideEffectClassNone),
		})
		Expect(apiServer.Update(ctx, foreign)).To(Succeed())
		Expect(apply(ctx, options())).To(BeFalse())

		ring := exampleRing()
		ring.Controlled = nil
		Expect(admission.Apply(ctx, apiServer, admission.WebhookConfiguration(ring, options()))).To(BeTrue())
		Expect(get(ctx).Labels).To(HaveKeyWithValue("foreign", "label"))
		Expect(get(ctx).Webhooks).To(ConsistOf(HaveField("Name", "main.example.sharding.timebertt.dev"), HaveField("Name", "foreign.example.com")))
	})

	It("leaves the CA bundle to cert-manager where that is to inject it", func(ctx context.Context) {
		apply(ctx, options())
		injected := options()
		injected.Server.InjectCAFrom = "sharding-system/sharder"
		Expect(apply(ctx, injected)).To(BeTrue())
		Expect(get(ctx).Webhooks[0].ClientConfig.CABundle).To(BeEmpty())

		patch := `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"` + base64.StdEncoding.EncodeToString(keeper.CABundle()) + `"}]`
		Expect(apiServer.Patch(ctx, get(ctx), client.RawPatch("application/json-patch+json", []byte(patch)))).To(Succeed())
		Expect(apply(ctx, injected)).To(BeFalse())
		injected.ExcludedNamespaces = append(injected.ExcludedNamespaces, "another")
		Expect(apply(ctx, injected)).To(BeTrue())
		Expect(get(ctx).Webhooks[0].ClientConfig.CABundle).To(Equal(keeper.CABundle()), "it was not taken away")

		Expect(apply(ctx, options())).To(BeTrue())
		Expect(get(ctx).Annotations).NotTo(HaveKey("cert-manager.io/inject-ca-from"))
		Expect(get(ctx).Webhooks).To(HaveEach(HaveField("ClientConfig.CABundle", keeper.CABundle())))
	})

	It("stands in nobody's way when nobody answers", func(ctx context.Context) {
		down := options()
		down.Server.URL = "https://127.0.0.1:" + strconv.Itoa(freePort(ctx))
		apply(ctx, down)
		namespace := newNamespace(ctx, map[string]string{labelSelected: "true"})
		deployment := newDeployment(namespace, "alone")
		Expect(apiServer.Create(ctx, deployment)).To(Succeed())
		Expect(deployment.Labels).NotTo(HaveKey(labelShard))
	})

	It("goes on with a new certificate after the Secret was deleted", func(ctx context.Context) {
		before := keeper.CABundle()
		changed := make(chan struct{}, 10)
		keeper.OnChange(func() { changed <- struct{}{} })
		Expect(apiServer.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: secretKey.Namespace, Name: secretKey.Name}})).To(Succeed())
		Eventually(changed).Should(Receive())
		Expect(keeper.CABundle()).NotTo(Equal(before))

		apply(ctx, options())
		awaitWebhook(ctx, newNamespace(ctx, map[string]string{labelSelected: "true"}))
	})
})
