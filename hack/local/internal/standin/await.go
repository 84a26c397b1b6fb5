// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

const (
	pollInterval = 100 * time.Millisecond
	// roleName grants the sharder what it needs for all rings that are made here.
	roleName = "standin-rings"
	// sharderRole is the role of the sharder that collects what rings bring.
	sharderRole = "sharder-rings"
)

func newScheme() (*runtime.Scheme, error) {
	own := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, shardingv1alpha1.AddToScheme} {
		if err := add(own); err != nil {
			return nil, fmt.Errorf("making a client for rings: %w", err)
		}
	}
	return own, nil
}

// Permit lets the sharder work on what the rings are over, and returns when it may.
func (c *Cluster) Permit(ctx context.Context) error {
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: roleName, Labels: map[string]string{
			labelMark: "true", shardingv1alpha1.LabelAggregateToSharder: "true",
		}},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"configmaps", "secrets"}, Verbs: []string{"get", "list", "watch", "patch"},
		}},
	}
	if err := c.client.Create(ctx, role); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("permitting the sharder to work on ConfigMaps: %w", err)
	}
	return c.poll(ctx, "the sharder is permitted to work on ConfigMaps", func() (bool, error) {
		collected := &rbacv1.ClusterRole{}
		if err := c.client.Get(ctx, client.ObjectKey{Name: sharderRole}, collected); err != nil {
			return false, err
		}
		for _, rule := range collected.Rules {
			if slices.Contains(rule.Resources, "configmaps") {
				return true, nil
			}
		}
		return false, nil
	})
}

// AwaitSharded waits until the ring is ready and counts so many available shards.
func (r *Ring) AwaitSharded(ctx context.Context, shards int) error {
	what := fmt.Sprintf("the ring %s is sharded among %d", r.Name, shards)
	return r.await(ctx, what, func(object *shardingv1alpha1.ControllerRing) bool {
		return meta.IsStatusConditionTrue(object.Status.Conditions, shardingv1alpha1.ConditionReady) &&
			int(object.Status.AvailableShards) == shards
	})
}

// AwaitSeen waits until the sharder has looked at the ring as it is specified now.
func (r *Ring) AwaitSeen(ctx context.Context) error {
	return r.await(ctx, "the sharder has seen the ring "+r.Name, func(object *shardingv1alpha1.ControllerRing) bool {
		return object.Status.ObservedGeneration == object.Generation && len(object.Status.Conditions) > 0
	})
}

func (r *Ring) await(ctx context.Context, what string, ok func(*shardingv1alpha1.ControllerRing) bool) error {
	return r.poll(ctx, what, func() (bool, error) {
		object := &shardingv1alpha1.ControllerRing{}
		err := r.client.Get(ctx, client.ObjectKey{Name: r.Name}, object)
		return err == nil && ok(object), err
	})
}

// poll asks until the answer is yes, or the context ends.
func (c *Cluster) poll(ctx context.Context, what string, ask func() (bool, error)) error {
	ticker := c.clock.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		yes, err := ask()
		if yes {
			return nil
		}
		if err != nil {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, context.Cause(ctx))
		case <-ticker.C():
		}
	}
}
