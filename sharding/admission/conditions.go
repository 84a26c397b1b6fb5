// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"strconv"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// The conditions are expressions in CEL, by which the API server spares itself a question. All of them have to hold. They
// look at the new object and fail for none, so that no object is passed over because of them without a reason.

// livingCondition passes over objects that are being deleted. What happens to them is mostly that finalizers go.
var livingCondition = admissionregistrationv1.MatchCondition{
	Name: "not-being-deleted", Expression: "!has(object.metadata.deletionTimestamp)",
}

// namedCondition passes over main objects whose name is generated, after all webhooks were asked.
var namedCondition = admissionregistrationv1.MatchCondition{
	Name: "named", Expression: "has(object.metadata.name) && object.metadata.name != ''",
}

// unassignedCondition passes over what has a shard. The object selector also selects an object that had none before the
// request, so it lets the sharder's own assignments through.
func unassignedCondition(ring string) admissionregistrationv1.MatchCondition {
	return admissionregistrationv1.MatchCondition{
		Name:       "unassigned",
		Expression: "!has(object.metadata.labels) || !(" + strconv.Quote(shardingv1alpha1.LabelShard(ring)) + " in object.metadata.labels)",
	}
}

// controlledCondition passes over objects that no object of these kinds controls.
func controlledCondition(mains []schema.GroupKind) admissionregistrationv1.MatchCondition {
	alternatives := make([]string, 0, len(mains))
	for _, main := range mains {
		group := "owner.apiVersion.startsWith(" + strconv.Quote(main.Group+"/") + ")"
		if main.Group == "" {
			group = "!owner.apiVersion.contains('/')"
		}
		alternatives = append(alternatives, "owner.kind == "+strconv.Quote(main.Kind)+" && "+group)
	}
	return admissionregistrationv1.MatchCondition{
		Name: "controlled-by-the-ring",
		Expression: "has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, " +
			"has(owner.controller) && owner.controller && (" + strings.Join(alternatives, " || ") + "))",
	}
}
