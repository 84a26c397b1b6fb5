// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package problems_test

import (
	"errors"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

func TestProblems(t *testing.T) {
	g := NewWithT(t)
	var reports [][]scope.Problem
	p := problems.NewTracker(func(all []scope.Problem) { reports = append(reports, all) }, logr.Discard())
	statefulSets := appsv1.SchemeGroupVersion.WithKind("StatefulSet")
	forbidden := apierrors.NewForbidden(testring.DeploymentsGroup, "", errors.New("no role"))
	unserved := &meta.NoKindMatchError{GroupKind: statefulSets.GroupKind()}

	p.Note(testring.Deployments, "list", nil)
	p.Note(testring.Deployments, "list", errors.New("connection refused"))
	p.Note(testring.Deployments, "list", testring.Conflict("x"))
	g.Expect(reports).To(BeEmpty(), "none of them is about the resource")

	p.Note(statefulSets, "discover", unserved)
	p.Note(testring.Deployments, "list", forbidden)
	p.Note(testring.Deployments, "watch", forbidden)
	p.Note(testring.Deployments, "watch", forbidden)
	g.Expect(reports).To(HaveLen(3), "the same again is no news")
	g.Expect(reports[2]).To(Equal([]scope.Problem{{Kind: testring.Deployments, Err: forbidden}, {Kind: statefulSets, Err: unserved}}), "one for each kind")

	p.Note(testring.Deployments, "watch", errors.New("connection refused"))
	p.Note(testring.Deployments, "list", nil)
	g.Expect(reports[3]).To(HaveLen(2), "to watch is forbidden still")
	p.Note(testring.Deployments, "watch", nil)
	p.Note(statefulSets, "discover", nil)
	g.Expect(reports[4:]).To(Equal([][]scope.Problem{{{Kind: statefulSets, Err: unserved}}, nil}))
}
