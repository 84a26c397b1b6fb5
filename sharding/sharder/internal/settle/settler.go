// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

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
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// maxAttempts bounds how often one object is decided on in a row. Each attempt but the last ended in a conflict, or
// in a membership that changed in the meantime.
const maxAttempts = 5

// Settler carries out what is planned for a main object.
type Settler struct {
	Scope      scope.Scope
	Membership func() *plan.Membership
	Moves      *Moves
	Client     client.Client // not cached
	Drains     Drains
	Problems   *problems.Tracker
	Metrics    *metrics.Ring
	Log        logr.Logger
}

// Drains hears of objects that their shards were asked to let go.
type Drains interface {
	// NoteDrain is told of an object that was not draining until now.
	NoteDrain(*metav1.PartialObjectMetadata)
	// NoteDraining is told of any object, draining or not, that is left as it is.
	NoteDraining(*metav1.PartialObjectMetadata)
}

// Settle brings the object one step closer to its wanted shard, if there is a step for the sharder to take. Every write
// carries what it was decided on. After a conflict, and when the membership changed while the object was written, the
// decision is made again on fresh data. An object that is gone is settled.
func (s *Settler) Settle(ctx context.Context, object *metav1.PartialObjectMetadata) (Outcome, error) {
	result := Settled
	objectKey := key.ForMain(object, object.GroupVersionKind().GroupKind())
	for range maxAttempts {
		var membership *plan.Membership
		decision, done := s.Moves.begin(object.Labels[s.Scope.LabelShard()], func() plan.Decision {
			membership = s.Membership()
			return membership.Plan(object.Labels, objectKey)
		})
		if decision.Action == plan.Nothing {
			s.Drains.NoteDraining(object)
			return result, nil
		}

		err := s.write(ctx, object, decision)
		done()
		switch {
		case apierrors.IsNotFound(err):
			return result, nil
		case apierrors.IsConflict(err):
			if err := s.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
				return result, client.IgnoreNotFound(err)
			}
			continue
		case err != nil:
			return result, fmt.Errorf("trying to %s %s %s: %w", decision.Action, object.Kind, client.ObjectKeyFromObject(object), err)
		}

		s.Metrics.Count(decision.Action)
		result = Written
		s.Log.V(1).Info("Settled", "action", decision.Action, "kind", object.Kind, "object", client.ObjectKeyFromObject(object), "shard", decision.Shard)
		if decision.Action == plan.Drain {
			s.Drains.NoteDrain(object)
		}
		if s.Membership() == membership {
			return result, nil
		}
	}
	return result, fmt.Errorf("%s %s was still changing after %d attempts", object.Kind, client.ObjectKeyFromObject(object), maxAttempts)
}

// write sends the labels that the decision asks for, and updates the object from the answer.
func (s *Settler) write(ctx context.Context, object *metav1.PartialObjectMetadata, decision plan.Decision) error {
	patch, err := ownerPatch(s.Scope, object, decision.Shard)
	if decision.Action == plan.Drain {
		patch, err = drainPatch(s.Scope, object)
	}
	if err != nil {
		return fmt.Errorf("encoding the labels: %w", err)
	}
	kind := object.GroupVersionKind()
	if err = s.Client.Patch(ctx, object, patch); err == nil || apierrors.IsForbidden(err) {
		s.Problems.Note(kind, "patch", err)
	}
	if decision.Action == plan.Drain && apierrors.IsInvalid(err) {
		return apierrors.NewConflict(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, object.Name, err)
	}
	return err
}
