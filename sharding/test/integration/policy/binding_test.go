// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const policyName = "shard-labels.sharding.timebertt.dev"

// bindPolicies has the policies look at the resources of a ring of widgets, and at what they control.
func bindPolicies(ctx context.Context) {
	GinkgoHelper()
	resources := &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{
		rule("test.dev", "widgets", "widgets/status"), rule("apps", "deployments"), rule("", "configmaps"),
		rule("networking.k8s.io", "ingresses", "ingresses/status"),
	}}
	name := metav1.ObjectMeta{Name: "widgets"}
	Expect(admin.Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: name,
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policyName, MatchResources: resources,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	})).To(Succeed())
	Expect(admin.Create(ctx, &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: name,
		Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: policyName, MatchResources: resources},
	})).To(Succeed())
}

func rule(group string, resources ...string) admissionregistrationv1.NamedRuleWithOperations {
	all := admissionregistrationv1.OperationAll
	return admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{all},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"*"}, Resources: resources},
	}}
}

// awaitPolicies waits until the API server acts by the policies: it reads them, and the schemas of kinds, in the background.
func awaitPolicies(ctx context.Context) {
	GinkgoHelper()
	alice := as(editor)
	Eventually(func(g Gomega) {
		object := widget("await-", shardLabelA, "foreign", drainLabelB, "true")
		g.Expect(alice.Create(ctx, object, client.DryRunAll)).To(Succeed())
		g.Expect(object.GetLabels()).NotTo(Or(HaveKeyWithValue(shardLabelA, "foreign"), HaveKey(drainLabelB)))
		g.Expect(alice.Create(ctx, lease("ring-a"), client.DryRunAll)).To(Satisfy(apierrors.IsForbidden))
	}).Should(Succeed())
	object := widget("await-", shardLabelA, "shard-1")
	Expect(admin.Create(ctx, object)).To(Succeed())
	Eventually(func() error { return setLabel(ctx, alice, object, shardLabelA, "other", client.DryRunAll) }).Should(Satisfy(apierrors.IsForbidden))
}
