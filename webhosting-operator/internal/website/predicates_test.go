// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

type update struct {
	change func(client.Object)
	passes bool
}

func testUpdates(t *testing.T, p predicate.Predicate, before client.Object, updates map[string]update) {
	for name, test := range updates {
		t.Run(name, func(t *testing.T) {
			after := before.DeepCopyObject().(client.Object)
			after.SetResourceVersion("2")
			test.change(after)
			g := NewWithT(t)
			g.Expect(p.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})).To(Equal(test.passes))
			g.Expect(p.Create(event.CreateEvent{Object: after})).To(BeTrue())
			g.Expect(p.Delete(event.DeleteEvent{Object: after})).To(BeTrue())
		})
	}
}

func metadata() metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: "a", UID: "1", ResourceVersion: "1", Generation: 1,
		Labels:      map[string]string{"a": "b"},
		Annotations: map[string]string{"deployment.kubernetes.io/revision": "1", "a": "b"},
	}
}

func TestWebsiteChanged(t *testing.T) {
	testUpdates(t, websiteChanged(), &v1alpha1.Website{ObjectMeta: metadata()}, map[string]update{
		"spec":        {func(o client.Object) { o.SetGeneration(2) }, true},
		"another one": {func(o client.Object) { o.SetUID("2") }, true},
		"skip workload": {func(o client.Object) {
			o.SetLabels(map[string]string{"webhosting.timebertt.dev/skip-workload": "true"})
		}, true},
		"asked for": {func(o client.Object) { o.SetAnnotations(map[string]string{"webhosting.timebertt.dev/reconcile": "1"}) }, true},

		"nothing":       {func(client.Object) {}, false},
		"status":        {func(o client.Object) { o.(*v1alpha1.Website).Status.Phase = "Ready" }, false},
		"a label":       {func(o client.Object) { o.SetLabels(map[string]string{"a": "c"}) }, false},
		"an annotation": {func(o client.Object) { o.SetAnnotations(nil) }, false},
		"half a decision": {func(o client.Object) {
			o.SetLabels(map[string]string{"webhosting.timebertt.dev/skip-workload": "false"})
		}, false},
	})
}

func TestThemeChanged(t *testing.T) {
	testUpdates(t, themeChanged(), &v1alpha1.Theme{ObjectMeta: metadata()}, map[string]update{
		"spec":        {func(o client.Object) { o.SetGeneration(2) }, true},
		"another one": {func(o client.Object) { o.SetUID("2") }, true},
		"a label":     {func(o client.Object) { o.SetLabels(nil) }, false},
	})
}

func TestControlledChanged(t *testing.T) {
	of := map[string]update{
		"a label":                       {func(o client.Object) { o.SetLabels(nil) }, true},
		"an annotation":                 {func(o client.Object) { o.GetAnnotations()["a"] = "c" }, true},
		"an annotation less":            {func(o client.Object) { delete(o.GetAnnotations(), "a") }, true},
		"another one":                   {func(o client.Object) { o.SetUID("2") }, true},
		"an owner":                      {func(o client.Object) { o.SetOwnerReferences([]metav1.OwnerReference{{UID: "1"}}) }, true},
		"nothing":                       {func(client.Object) {}, false},
		"managed fields":                {func(o client.Object) { o.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "a"}}) }, false},
		"a Deployment's revision":       {func(o client.Object) { o.GetAnnotations()["deployment.kubernetes.io/revision"] = "2" }, false},
		"a Deployment's revision, gone": {func(o client.Object) { delete(o.GetAnnotations(), "deployment.kubernetes.io/revision") }, false},
	}
	for _, kind := range ControlledKinds() {
		switch kind := kind.(type) {
		case *corev1.ConfigMap:
			kind.ObjectMeta = metadata()
		case *corev1.Service:
			kind.ObjectMeta = metadata()
		case *appsv1.Deployment:
			kind.ObjectMeta = metadata()
		case *networkingv1.Ingress:
			kind.ObjectMeta = metadata()
		}
		testUpdates(t, controlledChanged(), kind, of)
	}

	testUpdates(t, controlledChanged(), &corev1.ConfigMap{ObjectMeta: metadata()}, map[string]update{
		"data": {func(o client.Object) { o.(*corev1.ConfigMap).Data = map[string]string{"a": "b"} }, true},
	})
	testUpdates(t, controlledChanged(), &corev1.Service{ObjectMeta: metadata()}, map[string]update{
		"ports":  {func(o client.Object) { o.(*corev1.Service).Spec.Ports = []corev1.ServicePort{{Port: 1}} }, true},
		"status": {func(o client.Object) { o.(*corev1.Service).Status.Conditions = []metav1.Condition{{}} }, false},
	})
	testUpdates(t, controlledChanged(), &networkingv1.Ingress{ObjectMeta: metadata()}, map[string]update{
		"spec": {func(o client.Object) { o.SetGeneration(2) }, true},
		"status": {func(o client.Object) {
			o.(*networkingv1.Ingress).Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "::1"}}
		}, false},
	})

	deployment := &appsv1.Deployment{
		ObjectMeta: metadata(),
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](2)},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 1},
	}
	testUpdates(t, controlledChanged(), deployment, map[string]update{
		"spec": {func(o client.Object) { o.SetGeneration(2) }, true},
		"complete": {func(o client.Object) {
			o.(*appsv1.Deployment).Status = appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2}
		}, true},
		"a step on the way": {func(o client.Object) { o.(*appsv1.Deployment).Status.UpdatedReplicas = 2 }, false},
		"a condition": {func(o client.Object) {
			o.(*appsv1.Deployment).Status.Conditions = []appsv1.DeploymentCondition{{Type: "Available"}}
		}, false},
	})
}
