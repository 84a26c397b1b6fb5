// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// problem is something that keeps a part of a ring from being sharded: a reason of the condition Ready, what is wrong,
// and what to do.
type problem struct {
	reason  string
	message string
}

// maxMessages bounds how many problems a message spells out: there may be more than anybody reads.
const maxMessages = 8

// severity orders the reasons: the first that applies is the condition's. The message names all problems.
var severity = []string{
	shardingv1alpha1.ReasonInvalidNamespaceSelector,
	shardingv1alpha1.ReasonNoResources,
	shardingv1alpha1.ReasonSharderFailed,
	shardingv1alpha1.ReasonResourceNotServed,
	shardingv1alpha1.ReasonPermissionMissing,
	shardingv1alpha1.ReasonInvalidShard,
	shardingv1alpha1.ReasonDuplicateShards,
	shardingv1alpha1.ReasonNoShardAvailable,
}

func problemNotServed(resource schema.GroupResource, missing *notServed) problem {
	return problem{reason: shardingv1alpha1.ReasonResourceNotServed, message: fmt.Sprintf(
		"%s cannot be sharded (%s): install its CustomResourceDefinition, or correct the name", resource, missing.reason)}
}

// problemsOf are those that the leading sharder found with single resources.
func problemsOf(found []scope.Problem) []problem {
	problems := make([]problem, 0, len(found))
	for _, resource := range found {
		switch {
		case apierrors.IsForbidden(resource.Err):
			problems = append(problems, problem{reason: shardingv1alpha1.ReasonPermissionMissing, message: fmt.Sprintf(
				"the sharder may not do its work on %s: %v; grant it get, list, watch and patch by a ClusterRole with the label %s=true",
				resource.Kind.GroupKind(), resource.Err, shardingv1alpha1.LabelAggregateToSharder)})
		case unserved(resource.Err):
			problems = append(problems, problem{reason: shardingv1alpha1.ReasonResourceNotServed, message: fmt.Sprintf(
				"%s is not served any more: %v", resource.Kind.GroupKind(), resource.Err)})
		default:
			problems = append(problems, problem{reason: shardingv1alpha1.ReasonSharderFailed, message: fmt.Sprintf(
				"the sharder fails at %s: %v", resource.Kind.GroupKind(), resource.Err)})
		}
	}
	return problems
}

// unserved says that the API server has stopped to serve what it served before, in this version at least.
func unserved(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
}

func problemsOfShards(v view) []problem {
	var problems []problem
	for _, name := range v.misnamed {
		problems = append(problems, problem{reason: shardingv1alpha1.ReasonInvalidShard, message: fmt.Sprintf(
			"the lease %s is ignored (%v): give the shard another name", name, lease.ValidateName(name.Name))})
	}
	for _, duplicate := range v.duplicates {
		problems = append(problems, problem{reason: shardingv1alpha1.ReasonDuplicateShards, message: fmt.Sprintf(
			"the lease %s/%s is ignored, because the older one in namespace %s has the same name: give one of the shards another name",
			duplicate.Ignored, duplicate.Shard, duplicate.Namespace)})
	}
	switch {
	case v.shards == 0:
		problems = append(problems, problem{reason: shardingv1alpha1.ReasonNoShardAvailable, message: fmt.Sprintf(
			"there is no shard: start one, or see whether its lease has the label %s", shardingv1alpha1.LabelControllerRing)})
	case v.available == 0:
		problems = append(problems, problem{reason: shardingv1alpha1.ReasonNoShardAvailable, message: fmt.Sprintf(
			"none of the %d shards is available: see why they do not hold their leases", v.shards)})
	}
	return problems
}

// readyCondition says whether the whole ring is sharded. Remarks are what people should know though it is.
func readyCondition(generation int64, problems []problem, remarks []string) metav1.Condition {
	condition := metav1.Condition{Type: shardingv1alpha1.ConditionReady, ObservedGeneration: generation}
	if len(problems) == 0 {
		condition.Status, condition.Reason = metav1.ConditionTrue, shardingv1alpha1.ReasonSharded
		condition.Message = strings.Join(append([]string{"all resources are sharded"}, remarks...), "; ")
		return condition
	}
	problems = slices.Clone(problems)
	slices.SortStableFunc(problems, func(a, b problem) int {
		return slices.Index(severity, a.reason) - slices.Index(severity, b.reason)
	})
	var messages []string
	for _, problem := range problems[:min(len(problems), maxMessages)] {
		messages = append(messages, problem.message)
	}
	if more := len(problems) - len(messages); more > 0 {
		messages = append(messages, fmt.Sprintf("and %d more problems", more))
	}
	condition.Status, condition.Reason = metav1.ConditionFalse, problems[0].reason
	condition.Message = strings.Join(append(messages, remarks...), "; ")
	return condition
}
