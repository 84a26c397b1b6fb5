// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var deploymentKind = appsv1.SchemeGroupVersion.WithKind("Deployment")

func TestHoldingsDecideOnWhatTheCacheSawBefore(t *testing.T) {
	owned := holdings{deploymentKind.GroupKind(): {at: "100", objects: map[types.UID]struct{}{"mine": {}}}}
	for title, test := range map[string]struct {
		uid     types.UID
		version string
		owned   bool
	}{
		"an object that is the shard's":                      {"mine", "99", true},
		"an object that is the shard's, and changed since":   {"mine", "101", true},
		"an object that was moved away":                      {"moved", "99", false},
		"an object that was moved away at the very version":  {"moved", "100", false},
		"an object that has come since":                      {"new", "101", true},
		"an object that has come when there is a digit more": {"new", "1000", true},
	} {
		t.Run(title, func(t *testing.T) {
			object := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{UID: test.uid, ResourceVersion: test.version}}
			NewWithT(t).Expect(owned.owns(deploymentKind.GroupKind(), object)).To(Equal(test.owned))
		})
	}

	g := NewWithT(t)
	_, err := owned.owns(corev1.SchemeGroupVersion.WithKind("ConfigMap").GroupKind(), &corev1.ConfigMap{})
	g.Expect(err).To(MatchError("ConfigMap is not a main kind of the ring"))
	_, err = owned.owns(deploymentKind.GroupKind(), &appsv1.Deployment{})
	g.Expect(err).To(MatchError(ContainSubstring("finding out whether a cached object is up to date")))
}

func TestReconcilerForgetsWhatWasMovedBeforeItBegan(t *testing.T) {
	for name, labels := range map[string]map[string]string{"an object": ofShard1, "a draining object": drainingAtShard1} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			h := newHandoverTest(t, labels) // at resource version 41
			h.shard.handshake.holdings[deploymentKind.GroupKind()] = holding{at: "41"}
			_, err := h.reconcile(t)
			g.Expect(err).NotTo(HaveOccurred(), "the cache will hear of it")
			g.Expect(h.calls).To(BeEmpty())
			g.Expect(h.patches).To(BeEmpty())
		})
	}
}

// pagedReader answers lists with one object a page, named after what was asked for.
type pagedReader struct {
	client.Reader
	pages int
	asked []client.ListOptions
	fail  error
}

func (r *pagedReader) List(_ context.Context, list client.ObjectList, given ...client.ListOption) error {
	options := client.ListOptions{}
	options.ApplyOptions(given)
	r.asked = append(r.asked, options)
	page := list.(*metav1.PartialObjectMetadataList)
	number, _ := strconv.Atoi(options.Continue)
	number++
	item := metav1.PartialObjectMetadata{}
	item.UID = types.UID(page.Kind + " " + strconv.Itoa(number) + " in " + options.Namespace)
	page.Items, page.Continue = []metav1.PartialObjectMetadata{item}, ""
	page.ResourceVersion = strconv.Itoa(100 + len(r.asked))
	if number < r.pages {
		page.Continue = strconv.Itoa(number)
	}
	return r.fail
}

func TestHoldingsAreListedPageByPage(t *testing.T) {
	g := NewWithT(t)
	reader := &pagedReader{pages: 3}
	owned, err := newTestShard(t).listHoldings(t.Context(), reader, []scope{{kind: deploymentKind, namespaces: []string{""}}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(owned).To(HaveLen(1))
	g.Expect(owned[deploymentKind.GroupKind()].objects).To(And(HaveLen(3), HaveKey(types.UID("DeploymentList 3 in "))))
	for _, asked := range reader.asked {
		g.Expect(asked.LabelSelector.String()).To(Equal("shard.alpha.sharding.timebertt.dev/my-ring=shard-1"))
		g.Expect(asked.Limit).To(BeEquivalentTo(500))
		g.Expect(asked.Raw).To(BeNil(), "a list at an old version would prove nothing")
	}
}

func TestHoldingsOfNamespacesAreAsOldAsTheFirst(t *testing.T) {
	g := NewWithT(t)
	reader := &pagedReader{pages: 1}
	owned, err := newTestShard(t).listHoldings(t.Context(), reader, []scope{{kind: deploymentKind, namespaces: []string{"a", "b"}}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(owned[deploymentKind.GroupKind()]).To(Equal(holding{at: "101", objects: map[types.UID]struct{}{
		"DeploymentList 1 in a": {}, "DeploymentList 1 in b": {},
	}}))
}

func TestHoldingsAreNotKnownAfterAnError(t *testing.T) {
	reader := &pagedReader{fail: errors.New("service unavailable")}
	_, err := newTestShard(t).listHoldings(t.Context(), reader, []scope{{kind: deploymentKind, namespaces: []string{""}}})
	NewWithT(t).Expect(err).To(MatchError("listing the shard's objects of kind Deployment: service unavailable"))
}

func TestScopesAreThoseOfTheCache(t *testing.T) {
	for title, test := range map[string]struct {
		options    cache.Options
		namespaces []string
	}{
		"all namespaces":  {cache.Options{}, []string{""}},
		"some by default": {cache.Options{DefaultNamespaces: map[string]cache.Config{"b": {}, "a": {}}}, []string{"a", "b"}},
		"some of the kind": {cache.Options{
			DefaultNamespaces: map[string]cache.Config{"a": {}},
			ByObject:          map[client.Object]cache.ByObject{&appsv1.Deployment{}: {Namespaces: map[string]cache.Config{"c": {}}}},
		}, []string{"c"}},
		"some of another kind": {cache.Options{
			ByObject: map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {Namespaces: map[string]cache.Config{"c": {}}}},
		}, []string{""}},
	} {
		t.Run(title, func(t *testing.T) {
			NewWithT(t).Expect(newTestShard(t).scopes(test.options, nil)).To(
				ContainElement(scope{kind: deploymentKind, namespaces: test.namespaces}))
		})
	}
}
