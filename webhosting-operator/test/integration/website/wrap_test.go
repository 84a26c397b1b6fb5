// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

var _ = Describe("The controller", func() {
	It("can be wrapped, with its predicate, as sharding does", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		theme := newTheme(ctx, "wrap-")
		var others, delegated atomic.Int32
		operator := startOperator(namespace, func(s *setup) {
			s.options.WrapPredicate = func(own predicate.Predicate) predicate.Predicate {
				return predicate.Or(own, predicate.LabelChangedPredicate{})
			}
			s.options.WrapReconciler = func(own reconcile.Reconciler) reconcile.Reconciler {
				return reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
					if request.Name == "not-mine" {
						others.Add(1)
						return reconcile.Result{}, nil
					}
					delegated.Add(1)
					return own.Reconcile(ctx, request)
				})
			}
		})

		readyWebsite(ctx, namespace, "mine", theme.Name)
		Expect(delegated.Load()).NotTo(BeZero())
		operator.reset()
		other := newWebsite(ctx, namespace, "not-mine", theme.Name)
		Eventually(others.Load).Should(Equal(int32(1)))
		Expect(api.Patch(ctx, other, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"a":"b"}}}`)))).To(Succeed())
		Eventually(others.Load).Should(Equal(int32(2)))
		Consistently(operator.writes).Should(BeEmpty())
	})
})
