// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"k8s.io/client-go/kubernetes"
)

var _ = Describe("A change that is not about labels of rings", func() {
	It("is not evaluated", func(ctx context.Context) {
		alice := as(editor)
		before := evaluations(ctx)

		By("writing to an object without labels of rings")
		object := configMap("m-", "own", "1")
		Expect(alice.Create(ctx, object)).To(Succeed())
		Expect(setLabel(ctx, alice, object, "own", "2")).To(Succeed())
		By("writing to an assigned object")
		object = create(ctx, widget("m-", shardLabelA, "shard-1"))
		object.Object["spec"] = map[string]any{"size": int64(2)}
		Expect(alice.Update(ctx, object)).To(Succeed())
		object.Object["status"] = map[string]any{"ready": true}
		Expect(alice.Status().Update(ctx, object)).To(Succeed())
		By("writing to a lease of no shard")
		Expect(alice.Create(ctx, lease(""))).To(Succeed())
		Expect(evaluations(ctx)).To(Equal(before))

		By("changing a label after all, to see that it would be counted")
		Expect(setLabel(ctx, as(shardA), object, shardLabelA, "shard-2")).To(Succeed())
		Expect(evaluations(ctx)).To(BeNumerically(">", before))
	})
})

// evaluations returns how often the API server evaluated a policy of sharding beyond its match conditions.
func evaluations(ctx context.Context) (count float64) {
	GinkgoHelper()
	clientset, err := kubernetes.NewForConfig(restConfig)
	Expect(err).NotTo(HaveOccurred())
	text, err := clientset.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	Expect(err).NotTo(HaveOccurred())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{"apiserver_validating_admission_policy_check_total", "apiserver_mutating_admission_policy_check_total"} {
		for _, metric := range families[name].GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "policy" && strings.HasSuffix(label.GetValue(), ".sharding.timebertt.dev") {
					count += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return count
}
