// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestProblems(t *testing.T) {
	g := NewWithT(t)
	var reports [][]ResourceProblem
	p := newProblems(LeadOptions{Log: logr.Discard(), OnProblems: func(all []ResourceProblem) { reports = append(reports, all) }})
	statefulSets := appsv1.SchemeGroupVersion.WithKind("StatefulSet")
	forbidden := apierrors.NewForbidden(deploymentsGroup, "", errors.New("no role"))
	unserved := &meta.NoKindMatchError{GroupKind: statefulSets.GroupKind()}

	p.note(deployments, "list", nil)
	p.note(deployments, "list", errors.New("connection refused"))
	p.note(deployments, "list", conflict("x"))
	g.Expect(reports).To(BeEmpty(), "none of them is about the resource")

	p.note(statefulSets, "discover", unserved)
	p.note(deployments, "list", forbidden)
	p.note(deployments, "watch", forbidden)
	p.note(deployments, "watch", forbidden)
	g.Expect(reports).To(HaveLen(3), "the same again is no news")
	g.Expect(reports[2]).To(Equal([]ResourceProblem{{deployments, forbidden}, {statefulSets, unserved}}), "one for each kind")

	p.note(deployments, "watch", errors.New("connection refused"))
	p.note(deployments, "list", nil)
	g.Expect(reports[3]).To(HaveLen(2), "to watch is forbidden still")
	p.note(deployments, "watch", nil)
	p.note(statefulSets, "discover", nil)
	g.Expect(reports[4:]).To(Equal([][]ResourceProblem{{{statefulSets, unserved}}, nil}))
}

func TestSettleReportsWhatItMayNotWrite(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, ready("a"), deployment("x", nil))
	forbidden := apierrors.NewForbidden(deploymentsGroup, "x", errors.New("no role"))
	c.onPatch = func(context.Context, client.Object) error { return forbidden }
	g.Expect(c.settle(t.Context(), c.object(t, "x"))).To(MatchError(forbidden))
	g.Expect(c.problems).To(HaveExactElements(HaveField("Kind", deployments)))
	c.onPatch = nil
	g.Expect(c.settle(t.Context(), c.object(t, "x"))).To(Succeed())
	g.Expect(c.problems).To(BeEmpty())
}
