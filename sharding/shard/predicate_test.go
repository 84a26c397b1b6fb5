// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
)

var (
	always = predicate.NewPredicateFuncs(func(client.Object) bool { return true })
	never  = predicate.NewPredicateFuncs(func(client.Object) bool { return false })
)

func TestPredicate(t *testing.T) {
	const drain = "drain.alpha.sharding.timebertt.dev/"

	for name, test := range map[string]struct {
		labels     map[string]string
		predicates []predicate.Predicate
		passes     bool
	}{
		"no predicates":                         {passes: true},
		"all hold":                              {predicates: []predicate.Predicate{always, always}, passes: true},
		"one does not":                          {predicates: []predicate.Predicate{always, never}},
		"draining, and no predicate holds":      {labels: map[string]string{drain + "my-ring": "true"}, predicates: []predicate.Predicate{never, never}, passes: true},
		"draining, and all hold":                {labels: map[string]string{drain + "my-ring": "true"}, predicates: []predicate.Predicate{always}, passes: true},
		"only the presence of the label counts": {labels: map[string]string{drain + "my-ring": ""}, predicates: []predicate.Predicate{never}, passes: true},
		"draining in another ring":              {labels: map[string]string{drain + "other": "true"}, predicates: []predicate.Predicate{never}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			s, err := shard.New(testRing, shard.Options{Name: "shard-1", Namespace: "ns"})
			g.Expect(err).NotTo(HaveOccurred())
			p := s.Predicate(test.predicates...)

			object := &appsv1.Deployment{}
			object.Labels = test.labels
			g.Expect(p.Create(event.CreateEvent{Object: object})).To(Equal(test.passes))
			g.Expect(p.Update(event.UpdateEvent{ObjectOld: &appsv1.Deployment{}, ObjectNew: object})).To(Equal(test.passes))
			g.Expect(p.Delete(event.DeleteEvent{Object: object})).To(Equal(test.passes))
			g.Expect(p.Generic(event.GenericEvent{Object: object})).To(Equal(test.passes))
		})
	}
}

func TestPredicateSeesTheDrainThatChangesNothingElse(t *testing.T) {
	g := NewWithT(t)
	s, err := shard.New(testRing, shard.Options{Name: "shard-1", Namespace: "ns"})
	g.Expect(err).NotTo(HaveOccurred())
	p := s.Predicate(predicate.GenerationChangedPredicate{})

	before, after := &appsv1.Deployment{}, &appsv1.Deployment{}
	g.Expect(p.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})).To(BeFalse())
	after.Labels = map[string]string{testRing.LabelDrain(): "true"}
	g.Expect(p.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})).To(BeTrue())
}
