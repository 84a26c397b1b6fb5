// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

func TestReadyCondition(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "zoo", Resource: "cats"}, "", errors.New(`cannot list resource "cats"`))
	gone := apierrors.NewNotFound(schema.GroupResource{Group: "zoo", Resource: "dogs"}, "")
	for name, c := range map[string]struct {
		problems []problem
		remarks  []string
		status   metav1.ConditionStatus
		reason   string
		message  string
	}{
		"all is well": {nil, nil, "True", "Sharded", "^all resources are sharded$"},
		"a remark":    {nil, []string{"by the way"}, "True", "Sharded", "^all resources are sharded; by the way$"},
		"no shard":    {problemsOfShards(view{}), nil, "False", "NoShardAvailable", "^there is no shard"},
		"bad name": {
			problemsOfShards(view{shards: 1, available: 1, misnamed: []types.NamespacedName{{Namespace: "ns", Name: "shardlease-controller"}}}), nil,
			"False", "InvalidShard", "^the lease ns/shardlease-controller is ignored .*it is reserved for the sharder.*: give the shard another name$",
		},
		"none alive": {problemsOfShards(view{shards: 3}), nil, "False", "NoShardAvailable", "^none of the 3 shards is available"},
		"two of one name": {
			problemsOfShards(view{shards: 1, available: 1, duplicates: []membership.Duplicate{{Shard: "a", Namespace: "old", Ignored: "new"}}}), nil,
			"False", "DuplicateShards", "^the lease new/a is ignored, because the older one in namespace old",
		},
		"the gravest first, and all of them": {
			append(problemsOfShards(view{}), problemsOf([]scope.Problem{{Kind: catKind, Err: forbidden}, {Kind: dogKind, Err: gone}})...),
			nil, "False", "ResourceNotServed", `^Dog.zoo is not served any more: .*; the sharder may not .* Cat.zoo: .*cannot list resource "cats".*; there is no shard`,
		},
		"something else": {problemsOf([]scope.Problem{{Kind: catKind, Err: errors.New("boom")}}), nil, "False", "SharderFailed", "Cat.zoo: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got := readyCondition(7, c.problems, c.remarks)
			g.Expect(got.Type).To(Equal("Ready"))
			g.Expect(got.ObservedGeneration).To(BeEquivalentTo(7))
			g.Expect(got.Status).To(Equal(c.status))
			g.Expect(got.Reason).To(Equal(c.reason))
			g.Expect(got.Message).To(MatchRegexp(c.message))
		})
	}
}

func TestReadyConditionIsBounded(t *testing.T) {
	g := NewWithT(t)
	var problems []problem
	for range 2000 {
		problems = append(problems, problem{reason: "ResourceNotServed", message: "cats are not served"})
	}
	g.Expect(readyCondition(1, problems, nil).Message).To(HaveSuffix("cats are not served; and 1992 more problems"))
}

func TestEachReasonHasItsSeverity(t *testing.T) {
	g := NewWithT(t)
	for _, reason := range []string{
		"InvalidNamespaceSelector", "NoResources", "SharderFailed", "ResourceNotServed", "PermissionMissing", "DuplicateShards", "NoShardAvailable",
	} {
		g.Expect(severity).To(ContainElement(reason))
	}
}
