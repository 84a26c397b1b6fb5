// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

func TestWebsitesOfTheme(t *testing.T) {
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	using := func(name, theme string) *v1alpha1.Website {
		return &v1alpha1.Website{
			ObjectMeta: metav1.ObjectMeta{Namespace: "project", Name: name},
			Spec:       v1alpha1.WebsiteSpec{Theme: theme},
		}
	}
	reader := fake.NewClientBuilder().WithScheme(scheme).
		WithIndex(&v1alpha1.Website{}, indexTheme, themeOf).
		WithObjects(using("a", "lucid"), using("b", "lucid"), using("c", "other")).
		Build()
	handler := websitesOfTheme(reader)
	theme := &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: "lucid"}}

	for name, enqueue := range map[string]func(queue priorityqueue.PriorityQueue[reconcile.Request]){
		"create": func(q priorityqueue.PriorityQueue[reconcile.Request]) {
			handler.Create(context.Background(), event.CreateEvent{Object: theme}, q)
		},
		"update": func(q priorityqueue.PriorityQueue[reconcile.Request]) {
			handler.Update(context.Background(), event.UpdateEvent{ObjectOld: theme, ObjectNew: theme}, q)
		},
		"delete": func(q priorityqueue.PriorityQueue[reconcile.Request]) {
			handler.Delete(context.Background(), event.DeleteEvent{Object: theme}, q)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			queue := priorityqueue.New[reconcile.Request](name)
			defer queue.ShutDown()
			enqueue(queue)
			queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: "somebody-waits"}})

			var order []string
			for range 3 {
				request, _, _ := queue.GetWithPriority()
				order = append(order, request.Name)
			}
			g.Expect(order[0]).To(Equal("somebody-waits"))
			g.Expect(order[1:]).To(ConsistOf("a", "b"))
		})
	}
}
