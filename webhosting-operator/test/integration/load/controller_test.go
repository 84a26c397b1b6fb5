// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const shardLabel = "shard.alpha.sharding.timebertt.dev/webhosting-operator"

// lazy has websites stay as they are, as if there was no operator.
var lazy atomic.Bool

// startController assigns websites to a shard in turn, and calls each Ready for its generation at once. It also finishes
// the deletion of namespaces.
func startController() {
	GinkgoHelper()
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	Expect(err).NotTo(HaveOccurred())
	c := mgr.GetClient()
	var assigned atomic.Int64

	Expect(builder.ControllerManagedBy(mgr).For(&v1alpha1.Website{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(reconcile.AsReconciler(c, reconcile.TypedFunc[*v1alpha1.Website](
			func(ctx context.Context, website *v1alpha1.Website) (reconcile.Result, error) {
				if lazy.Load() {
					return reconcile.Result{}, nil
				}
				before := website.DeepCopy()
				if website.Labels[shardLabel] == "" {
					shards := []string{"shard-0", "shard-1", "shard-2"}
					metav1.SetMetaDataLabel(&website.ObjectMeta, shardLabel, shards[assigned.Add(1)%3])
					return reconcile.Result{}, client.IgnoreNotFound(c.Patch(ctx, website, client.MergeFrom(before)))
				}
				if website.Status.ObservedGeneration == website.Generation {
					return reconcile.Result{}, nil
				}
				website.Status.Phase, website.Status.ObservedGeneration = v1alpha1.PhaseReady, website.Generation
				return reconcile.Result{}, client.IgnoreNotFound(c.Status().Patch(ctx, website, client.MergeFrom(before)))
			})))).To(Succeed())

	Expect(builder.ControllerManagedBy(mgr).For(&corev1.Namespace{}).
		Complete(reconcile.AsReconciler(c, reconcile.TypedFunc[*corev1.Namespace](
			func(ctx context.Context, namespace *corev1.Namespace) (reconcile.Result, error) {
				if namespace.DeletionTimestamp == nil {
					return reconcile.Result{}, nil
				}
				if err := c.DeleteAllOf(ctx, &v1alpha1.Website{}, client.InNamespace(namespace.Name)); err != nil {
					return reconcile.Result{}, err
				}
				namespace.Spec.Finalizers = nil
				err := c.SubResource("finalize").Update(ctx, namespace)
				return reconcile.Result{}, client.IgnoreNotFound(err)
			})))).To(Succeed())

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(done).Should(Receive(Succeed()))
	})
	warmUp(ctx)
}

// warmUp makes a website and waits until it is Ready: the first request that the API server gets takes it seconds.
func warmUp(ctx context.Context) {
	GinkgoHelper()
	website := &v1alpha1.Website{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "first"}, Spec: v1alpha1.WebsiteSpec{Theme: "none"},
	}
	Expect(admin.Create(ctx, website)).To(Succeed())
	Eventually(func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(website), website)).To(Succeed())
		g.Expect(website.Status.Phase).To(Equal(v1alpha1.PhaseReady))
	}).Should(Succeed())
	Expect(admin.Delete(ctx, website)).To(Succeed())
}
