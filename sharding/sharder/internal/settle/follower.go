// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// Follower makes controlled objects follow their main objects, for shards that do not label what they control.
type Follower struct {
	Settler *Settler
	Mapper  meta.RESTMapper
	// Unassigned are the main objects without a shard, by kind. They need not be asked for.
	Unassigned map[schema.GroupKind]Reader
}

// Reader gets objects from memory.
type Reader interface {
	// Get returns the object's metadata, or nil if it is not there.
	Get(types.NamespacedName) *metav1.PartialObjectMetadata
}

// Follow labels the controlled object with the shard of its main object, as soon as that is settled there. An object that
// is controlled by nothing of the ring is left alone.
func (f *Follower) Follow(ctx context.Context, object *metav1.PartialObjectMetadata) (Outcome, error) {
	result := Settled
	for range maxAttempts {
		membership := f.Settler.Membership()
		main, err := f.mainOf(object)
		if main == nil || err != nil || len(membership.Available()) == 0 { // a shard that joins lets everything be looked at again
			return result, err
		}
		if membership.AtHome(object.Labels, key.ForMain(main, main.GroupVersionKind().GroupKind())) {
			return result, nil
		}
		exists, err := f.read(ctx, main)
		if !exists || err != nil {
			return result, err
		}

		decision := membership.PlanControlled(object.Labels, main.Labels)
		if decision.Action == plan.Nothing {
			return result, nil
		}
		if decision.Action == plan.Wait {
			return Waiting, nil
		}
		err = f.Settler.write(ctx, object, decision)
		switch {
		case apierrors.IsNotFound(err):
			return Settled, nil
		case apierrors.IsConflict(err):
			if err := f.Settler.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
				return Settled, client.IgnoreNotFound(err)
			}
			continue
		case err != nil:
			return Settled, fmt.Errorf("trying to %s %s %s: %w", decision.Action, object.Kind, client.ObjectKeyFromObject(object), err)
		}
		f.Settler.Metrics.Count(decision.Action)
		result = Written
		if f.Settler.Membership() == membership {
			return result, nil
		}
	}
	return Waiting, nil
}

// mainOf returns who the object's main object is, not what it is like, or nil if the object is not one to be labelled.
func (f *Follower) mainOf(object *metav1.PartialObjectMetadata) (*metav1.PartialObjectMetadata, error) {
	reference := metav1.GetControllerOfNoCopy(object)
	if reference == nil {
		return nil, nil
	}
	kind, controls := f.Settler.Scope.ControllerOf(object.GroupVersionKind().GroupKind(), schema.FromAPIVersionAndKind(reference.APIVersion, reference.Kind).GroupKind())
	if !controls {
		return nil, nil
	}
	mapping, err := f.Mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("looking for the controller of %s %s: %w", object.Kind, client.ObjectKeyFromObject(object), err)
	}
	main := &metav1.PartialObjectMetadata{}
	main.SetGroupVersionKind(kind)
	main.Name, main.UID = reference.Name, reference.UID
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		main.Namespace = object.Namespace
	}
	return main, nil
}

// read fills in the labels of the main object, and returns whether it exists.
func (f *Follower) read(ctx context.Context, main *metav1.PartialObjectMetadata) (bool, error) {
	name, uid := client.ObjectKeyFromObject(main), main.UID
	if objects := f.Unassigned[main.GroupVersionKind().GroupKind()]; objects != nil {
		if unassigned := objects.Get(name); unassigned != nil {
			return unassigned.UID == uid, nil
		}
	}
	if err := f.Settler.Client.Get(ctx, name, main); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return main.UID == uid, nil
}
