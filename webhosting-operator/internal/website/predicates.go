// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// websiteChanged drops updates of a Website that its reconcile does not depend on: those of its status, and of labels
// and annotations that mean nothing to it. Its deletion changes the generation.
func websiteChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return specChanged(e.ObjectOld, e.ObjectNew) ||
			skipsWorkload(e.ObjectOld) != skipsWorkload(e.ObjectNew) ||
			e.ObjectOld.GetAnnotations()[v1alpha1.AnnotationReconcile] != e.ObjectNew.GetAnnotations()[v1alpha1.AnnotationReconcile]
	}}
}

// themeChanged drops updates of a Theme that its websites do not depend on.
func themeChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool { return specChanged(e.ObjectOld, e.ObjectNew) }}
}

// specChanged also holds if it is another object of the same name, as after a watch that was interrupted for a while.
func specChanged(before, after client.Object) bool {
	return before.GetGeneration() != after.GetGeneration() || before.GetUID() != after.GetUID()
}

// controlledChanged drops updates of a controlled object that change neither what the operator applies nor what it
// reads.
func controlledChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return metadataChanged(e.ObjectOld, e.ObjectNew) || contentChanged(e.ObjectOld, e.ObjectNew)
	}}
}

func metadataChanged(before, after client.Object) bool {
	return before.GetUID() != after.GetUID() ||
		!maps.Equal(before.GetLabels(), after.GetLabels()) ||
		!equality.Semantic.DeepEqual(before.GetOwnerReferences(), after.GetOwnerReferences()) ||
		annotationsChanged(before.GetAnnotations(), after.GetAnnotations())
}

// annotationsChanged ignores the annotations of the Deployment's controller, which change with each rollout.
func annotationsChanged(before, after map[string]string) bool {
	if maps.Equal(before, after) {
		return false
	}
	theirs := func(key, _ string) bool { return strings.HasPrefix(key, "deployment.kubernetes.io/") }
	before, after = maps.Clone(before), maps.Clone(after)
	maps.DeleteFunc(before, theirs)
	maps.DeleteFunc(after, theirs)
	return !maps.Equal(before, after)
}

func contentChanged(before, after client.Object) bool {
	switch after := after.(type) {
	case *corev1.ConfigMap:
		before := before.(*corev1.ConfigMap)
		return !maps.Equal(before.Data, after.Data)
	case *corev1.Service:
		return !equality.Semantic.DeepEqual(before.(*corev1.Service).Spec, after.Spec)
	case *appsv1.Deployment:
		return specChanged(before, after) || progressOf(before.(*appsv1.Deployment)) != progressOf(after)
	case *networkingv1.Ingress:
		return specChanged(before, after)
	default:
		return true
	}
}
