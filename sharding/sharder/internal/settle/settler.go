// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// maxAttempts bounds how often one object is decided on in a row. Each attempt but the last ended in a conflict, or
// in a membership that changed in the meantime.
const maxAttempts = 5

// settler carries out what is planned for an object.
type settler struct {
	scope    Scope
	members  *members
	moves    *movesUnderWay
	client   client.Client // not cached
	fencer   *fencer
	problems *problems
	metrics  *ringMetrics
	log      logr.Logger
}

// settle brings the object one step closer to its wanted shard, if there is a step for the sharder to take. Every write
// carries what it was decided on. After a conflict, and when the membership changed while the
// object was written, the decision is made again on fresh data. An object that is gone is settled.
func (s *settler) settle(ctx context.Context, object *metav1.PartialObjectMetadata) (outcome, error) {
	result := settled
	objectKey := key.ForMain(object, object.GroupVersionKind().GroupKind())
	for range maxAttempts {
		var membership *plan.Membership
		decision, done := s.moves.begin(object.Labels[s.scope.labelShard()], func() plan.Decision {
			membership = s.members.load()
			return membership.Plan(object.Labels, objectKey)
		})
		if decision.Action == plan.Nothing {
			s.fencer.noteDraining(object)
			return result, nil
		}

		err := s.write(ctx, object, decision)
		done()
		switch {
		case apierrors.IsNotFound(err):
			return result, nil
		case apierrors.IsConflict(err):
			if err := s.client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
				return result, client.IgnoreNotFound(err)
			}
			continue
		case err != nil:
			return result, fmt.Errorf("trying to %s %s %s: %w", decision.Action, object.Kind, client.ObjectKeyFromObject(object), err)
		}

		s.metrics.count(decision.Action)
		result = written
		s.log.V(1).Info("Settled", "action", decision.Action, "kind", object.Kind, "object", client.ObjectKeyFromObject(object), "shard", decision.Shard)
		if decision.Action == plan.Drain {
			s.fencer.noteDrain(object)
		}
		if s.members.load() == membership {
			return result, nil
		}
	}
	return result, fmt.Errorf("%s %s was still changing after %d attempts", object.Kind, client.ObjectKeyFromObject(object), maxAttempts)
}

// write sends the labels that the decision asks for, and updates the object from the answer.
func (s *settler) write(ctx context.Context, object *metav1.PartialObjectMetadata, decision plan.Decision) error {
	patch, err := s.scope.ownerPatch(object, decision.Shard)
	if decision.Action == plan.Drain {
		patch, err = s.scope.drainPatch(object)
	}
	if err != nil {
		return fmt.Errorf("encoding the labels: %w", err)
	}
	kind := object.GroupVersionKind()
	if err = s.client.Patch(ctx, object, patch); err == nil || apierrors.IsForbidden(err) {
		s.problems.note(kind, "patch", err)
	}
	if decision.Action == plan.Drain && apierrors.IsInvalid(err) {
		return apierrors.NewConflict(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, object.Name, err)
	}
	return err
}
