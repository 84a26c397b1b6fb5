// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

const shardLabel = "example.com/shard"

// asShard restricts an operator to the objects with its label, as the sharding library does.
func asShard(name string) func(*setup) {
	return func(s *setup) {
		s.reconciler.ControlledLabels = map[string]string{shardLabel: name}
		mine := labels.SelectorFromSet(labels.Set{shardLabel: name})
		for kind, options := range s.manager.Cache.ByObject {
			if _, ok := kind.(*v1alpha1.Theme); !ok {
				s.manager.Cache.ByObject[kind] = cache.ByObject{Label: mine, Transform: options.Transform}
			}
		}
	}
}

var _ = Describe("A website that moves to another instance", func() {
	It("stays Ready, keeps its pods, and has its objects labelled anew", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		theme := newTheme(ctx, "takeover-")
		first := startOperator(namespace, asShard("first"))
		site := readyWebsite(ctx, namespace, "blog", theme.Name, func(w *v1alpha1.Website) {
			w.Labels = map[string]string{shardLabel: "first"}
		})
		before := childrenOf(ctx, site)
		for _, child := range before.all() {
			Expect(child.GetLabels()).To(HaveKeyWithValue(shardLabel, "first"))
		}
		Expect(before.deployment.Spec.Template.Labels).NotTo(HaveKey(shardLabel))

		phases := watchPhases(ctx, site)
		first.reset()
		Expect(api.Patch(ctx, site, client.RawPatch("application/merge-patch+json",
			[]byte(`{"metadata":{"labels":{"`+shardLabel+`":"second"}}}`)))).To(Succeed())
		first.losesSightOf(ctx, site)
		second := startOperator(namespace, asShard("second"))

		for i := range before.all() {
			Eventually(ctx, func(ctx context.Context) map[string]string {
				return childrenOf(ctx, site).all()[i].GetLabels()
			}).Should(HaveKeyWithValue(shardLabel, "second"))
		}
		Eventually(second.writes).Should(HaveLen(4))
		Consistently(second.writes).Should(ConsistOf(
			"PATCH configmaps OK", "PATCH deployments OK", "PATCH services OK", "PATCH ingresses OK"))
		Expect(first.writes()).To(BeEmpty())
		Expect(phases()).To(HaveEach(v1alpha1.PhaseReady))
		after := childrenOf(ctx, site)
		Expect(after.deployment.Generation).To(Equal(before.deployment.Generation))
		Expect(after.deployment.Annotations).To(Equal(before.deployment.Annotations), "the Deployment's controller would copy them")

		By("seeing what becomes of its objects from now on")
		second.reset()
		Expect(api.Delete(ctx, after.service)).To(Succeed())
		Eventually(second.writes).Should(ConsistOf("PATCH services Created"))
	})

	It("gets its status from the instance that has it, although it is about to move", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		theme := newTheme(ctx, "takeover-")
		first := startOperator(namespace, asShard("first"))
		first.interfere(func(r request) {
			if r.resource == "websites/status" {
				relabel(ctx, namespace, r.name, "example.com/drain", "true")
			}
		})
		readyWebsite(ctx, namespace, "blog", theme.Name, func(w *v1alpha1.Website) {
			w.Labels = map[string]string{shardLabel: "first"}
		})
		Expect(first.writes()).To(HaveEach(Or(HaveSuffix("OK"), HaveSuffix("Created"))))
	})

	It("gets no status from an instance that it was taken from", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		theme := newTheme(ctx, "takeover-")
		first := startOperator(namespace, asShard("first"))
		first.interfere(func(r request) {
			if r.resource == "websites/status" {
				relabel(ctx, namespace, r.name, shardLabel, "second")
			}
		})
		site := newWebsite(ctx, namespace, "blog", theme.Name, func(w *v1alpha1.Website) {
			w.Labels = map[string]string{shardLabel: "first"}
		})
		Eventually(first.writes).Should(ContainElement("PATCH websites/status Unprocessable Entity"))
		Consistently(ctx, func(ctx context.Context) (v1alpha1.WebsiteStatus, error) {
			err := api.Get(ctx, client.ObjectKeyFromObject(site), site)
			return site.Status, err
		}).Should(BeZero())
		Expect(first.writes()).NotTo(ContainElement("PATCH websites/status OK"))
	})

	It("loses the label when it comes back to an instance without labels", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		theme := newTheme(ctx, "takeover-")
		first := startOperator(namespace, asShard("first"))
		site := readyWebsite(ctx, namespace, "blog", theme.Name, func(w *v1alpha1.Website) {
			w.Labels = map[string]string{shardLabel: "first"}
		})
		first.stop()

		startOperator(namespace)
		for i := range website.ControlledKinds() {
			Eventually(ctx, func(ctx context.Context) map[string]string {
				return childrenOf(ctx, site).all()[i].GetLabels()
			}).ShouldNot(HaveKey(shardLabel))
		}
		Consistently(ctx, status(site)).Should(Equal("Ready Available"))
	})
})

// relabel sets a label of a website.
func relabel(ctx context.Context, namespace, name, key, value string) {
	GinkgoHelper()
	site := &v1alpha1.Website{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	Expect(api.Patch(ctx, site, client.RawPatch("application/merge-patch+json",
		[]byte(`{"metadata":{"labels":{"`+key+`":"`+value+`"}}}`)))).To(Succeed())
}

// watchPhases notes each phase that the website is in from now on.
func watchPhases(ctx context.Context, site *v1alpha1.Website) func() []v1alpha1.WebsitePhase {
	GinkgoHelper()
	watcher, err := client.NewWithWatch(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	events, err := watcher.Watch(ctx, &v1alpha1.WebsiteList{}, client.InNamespace(site.Namespace))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(events.Stop)

	var lock sync.Mutex
	var phases []v1alpha1.WebsitePhase
	go func() {
		for event := range events.ResultChan() {
			if seen, ok := event.Object.(*v1alpha1.Website); ok {
				lock.Lock()
				phases = append(phases, seen.Status.Phase)
				lock.Unlock()
			}
		}
	}()
	return func() []v1alpha1.WebsitePhase {
		lock.Lock()
		defer lock.Unlock()
		return append([]v1alpha1.WebsitePhase(nil), phases...)
	}
}
