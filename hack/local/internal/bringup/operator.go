// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// operator builds the operator, applies what it needs, and has its instances run.
func (u *Up) operator(ctx context.Context) error {
	u.step("building the operator")
	took, err := progress.During(u.Out, clock.RealClock{}, "operator    building it and its libraries:", func() error {
		return operator.Build(ctx, u.Checkout)
	})
	if err != nil {
		return err
	}
	u.say("operator    built in %s", progress.Seconds(took))

	u.step("applying the operator's manifests")
	objects, err := u.render(ctx, u.Mode.Overlay(u.Checkout))
	if err != nil {
		return err
	}
	config, err := operator.ConfigFile(objects)
	if err != nil {
		return err
	}
	objects = manifests.Without(objects, "Deployment")
	var before []applied.Reference
	// What is about to be applied is remembered first, so that nothing is forgotten if the rest is interrupted.
	err = u.record(ctx, func(record *applied.Record) {
		before = record.Overlay
		record.Overlay = append(applied.References(objects), applied.Obsolete(before, applied.References(objects))...)
	})
	if err != nil {
		return err
	}
	if err := manifests.Apply(ctx, u.client, objects); err != nil {
		return err
	}
	u.say("manifests   %d objects of the overlay %s applied", len(objects), u.Mode)

	if err := u.instances(ctx, config); err != nil {
		return err
	}

	u.step("removing what the overlay does not hold")
	obsolete := applied.Obsolete(before, applied.References(objects))
	if err := applied.Remove(ctx, u.client, obsolete); err != nil {
		return err
	}
	if len(obsolete) > 0 {
		u.say("manifests   %d that the overlay does not hold removed", len(obsolete))
	}
	if err := u.record(ctx, func(record *applied.Record) { record.Overlay = applied.References(objects) }); err != nil {
		return err
	}
	if u.Mode == operator.Singleton {
		return u.forgetShards(ctx)
	}
	return nil
}

// forgetShards removes what shards leave behind, when none of them is left: their leases, and the labels that say which
// website belongs to which of them.
func (u *Up) forgetShards(ctx context.Context) error {
	err := u.client.DeleteAllOf(ctx, &coordinationv1.Lease{}, client.InNamespace(operator.Namespace),
		client.MatchingLabels{operator.LabelRing: operator.Name})
	if err != nil {
		return fmt.Errorf("removing the leases of shards: %w", err)
	}
	count, err := websites.Unlabel(ctx, u.client)
	if err != nil {
		return err
	}
	if count > 0 {
		u.say("websites    %d belong to no shard any more", count)
	}
	return nil
}
