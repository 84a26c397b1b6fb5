// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/target"
)

func TestCheckPermissionsNamesAllThatIsMissing(t *testing.T) {
	g := NewWithT(t)
	var asked int
	mayOnlyRead := fake.NewClientset()
	mayOnlyRead.PrependReactor("create", "selfsubjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview)
		review.Status.Allowed = review.Spec.ResourceAttributes.Verb == "get"
		asked++
		return true, review, nil
	})
	cluster := &target.Target{Server: "https://far", Context: "mine", Clientset: mayOnlyRead}
	pods := schema.GroupResource{Resource: "pods"}
	demands := []target.Demand{
		{Resource: pods, Namespace: "a", Verbs: []string{"get", "patch"}},
		{Resource: schema.GroupResource{Group: "apps", Resource: "deployments"}, Verbs: []string{"delete"}},
		{Resource: pods, Namespace: "a", Verbs: []string{"patch", "delete"}},
	}

	err := cluster.CheckPermissions(t.Context(), demands)
	g.Expect(err).To(MatchError(And(
		ContainSubstring("https://far"), ContainSubstring(`"mine"`), ContainSubstring("nothing was changed"),
		ContainSubstring("\n  patch, delete pods in namespace a\n  delete deployments.apps\n"),
	)))
	g.Expect(asked).To(Equal(4), "each thing is asked once")

	g.Expect(cluster.CheckPermissions(t.Context(), []target.Demand{{Resource: pods, Verbs: []string{"get"}}})).To(Succeed())
}

func TestCheckGrantsNamesAllRolesThatMayNotBeGranted(t *testing.T) {
	g := NewWithT(t)
	object := func(kind, name string) *unstructured.Unstructured {
		object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind}}
		object.SetName(name)
		return object
	}
	roles := rbacv1.Resource("clusterroles")
	answers := map[string]error{
		"generous": apierrors.NewForbidden(roles, "generous", errors.New("attempting to grant RBAC permissions not currently held:\n{Verbs:[\"*\"]}")),
		"refused":  apierrors.NewForbidden(roles, "refused", errors.New("for a reason")),
		"homeless": apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "new"),
	}
	var dry bool
	cluster := &target.Target{Client: fakeclient.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Apply: func(_ context.Context, _ client.WithWatch, role runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			applied := (&client.ApplyOptions{}).ApplyOptions(options)
			dry = len(applied.DryRun) == 1
			return answers[role.(interface{ GetName() string }).GetName()]
		},
	}).Build()}

	err := cluster.CheckGrants(t.Context(), []*unstructured.Unstructured{
		object("ClusterRole", "fine"), object("ClusterRole", "generous"), object("Role", "homeless"), object("ClusterRole", "refused"),
		object("ClusterRoleBinding", "generous"),
	})
	g.Expect(err).To(MatchError(And(
		ContainSubstring("\n  ClusterRole generous: {Verbs:[\"*\"]}\n  ClusterRole refused: "), ContainSubstring("for a reason\n"),
		Not(ContainSubstring("homeless")), Not(ContainSubstring("Binding")),
	)))
	g.Expect(dry).To(BeTrue())
	g.Expect(cluster.CheckGrants(t.Context(), []*unstructured.Unstructured{object("ClusterRole", "fine")})).To(Succeed())
}
