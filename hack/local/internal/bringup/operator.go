// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"

	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// operator builds the operator, applies what it needs, and has its instances run. The same is done for the sharder, if it
// runs apart.
//
// In another mode than before, all instances that change stop before any of them starts, so that never two kinds of
// sharders act at a time, nor one that is alone beside others that share. Shards keep their names in both modes that have
// some, and so their websites.
func (u *Up) operator(ctx context.Context) error {
	if err := u.build(ctx, "operator", operator.Build); err != nil {
		return err
	}
	u.step("applying the manifests")
	objects, err := u.render(ctx, u.Mode.Manifests(u.Checkout))
	if err != nil {
		return err
	}
	config, err := manifests.ConfigFile(objects, operator.Name)
	if err != nil {
		return err
	}
	var sharderConfig []byte
	if u.Mode == operator.Dedicated {
		if err := u.build(ctx, "sharder", sharder.Build); err != nil {
			return err
		}
		ofSharder, err := u.render(ctx, sharder.Manifests(u.Checkout))
		if err != nil {
			return err
		}
		if sharderConfig, err = manifests.ConfigFile(ofSharder, sharder.Name); err != nil {
			return err
		}
		objects = append(ofSharder, objects...)
	}
	objects = manifests.Without(objects, "Deployment")
	var before []applied.Reference
	// What is about to be applied is remembered first, so that nothing is forgotten if the rest is interrupted.
	err = u.book().Change(ctx, func(record *applied.Record) {
		before = record.Overlay
		record.Overlay = append(applied.References(objects), applied.Obsolete(before, applied.References(objects))...)
	})
	if err != nil {
		return err
	}
	if err := manifests.Apply(ctx, u.client, objects); err != nil {
		return err
	}
	u.say("manifests   %d objects of the mode %s applied", len(objects), u.Mode)

	if err := u.instances(ctx, config, sharderConfig); err != nil {
		return err
	}

	u.step("removing what the mode does not need")
	obsolete := applied.Obsolete(before, applied.References(objects))
	removed, err := applied.Remove(ctx, u.client, obsolete)
	if err != nil {
		return err
	}
	if removed > 0 {
		u.say("manifests   %d that the mode does not need removed", removed)
	}
	if err := u.book().Change(ctx, func(record *applied.Record) { record.Overlay = applied.References(objects) }); err != nil {
		return err
	}
	if !u.Mode.Shares() {
		return u.forgetShards(ctx)
	}
	return nil
}

// build builds a program of this checkout.
func (u *Up) build(ctx context.Context, name string, build func(context.Context, checkout.Checkout) error) error {
	u.step("building the " + name)
	took, err := progress.During(u.Out, clock.RealClock{}, fmt.Sprintf("%-12sbuilding it and its libraries:", name), func() error {
		return build(ctx, u.Checkout)
	})
	if err != nil {
		return err
	}
	u.say("%-12sbuilt in %s", name, progress.Seconds(took))
	return nil
}

// forgetShards removes what shards leave behind, when none of them is left.
func (u *Up) forgetShards(ctx context.Context) error {
	count, err := websites.ForgetShards(ctx, u.client)
	if err != nil {
		return err
	}
	if count > 0 {
		u.say("websites    %d belong to no shard any more", count)
	}
	return nil
}
