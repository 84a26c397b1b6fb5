// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

var (
	operatorKey = client.ObjectKey{Namespace: operator.Namespace, Name: operator.Name}
	sharderKey  = client.ObjectKey{Namespace: sharder.Namespace, Name: sharder.Name}
)

// install applies the objects, and removes what is left of another mode.
//
// In another mode than before, everything stops before anything starts, so that never two kinds of sharders act at a time,
// nor an instance that is alone beside others that share. Websites are served meanwhile; only their changes wait.
func (d *Deploy) install(ctx context.Context, wanted parts) error {
	// The record lies in the operator's namespace.
	if err := manifests.Apply(ctx, d.target.Client, only(wanted.operator, "Namespace")); err != nil {
		return err
	}
	before, err := d.before(ctx)
	if err != nil {
		return err
	}
	now := applied.Record{Overlay: applied.References(wanted.operator), Sharder: applied.References(wanted.sharder)}
	obsolete, err := d.obsolete(ctx, before, now)
	if err != nil {
		return err
	}
	// What is about to be applied is remembered first, so that nothing is forgotten if the rest is interrupted.
	err = d.book().Change(ctx, func(record *applied.Record) {
		record.Overlay = slices.Concat(now.Overlay, applied.Obsolete(before.Overlay, now.Overlay))
		record.Sharder = slices.Concat(now.Sharder, applied.Without(before.Sharder, now.Sharder))
	})
	if err != nil {
		return err
	}
	if err := d.stopOther(ctx, obsolete); err != nil {
		return err
	}
	if len(wanted.sharder) > 0 {
		if err := d.apply(ctx, "sharder", wanted.sharder, sharderKey); err != nil {
			return err
		}
	}
	if err := d.apply(ctx, "operator", wanted.operator, operatorKey); err != nil {
		return err
	}
	if err := d.prune(ctx, before, now, obsolete); err != nil {
		return err
	}
	if d.Mode.Shares() {
		return nil
	}
	return d.forgetShards(ctx)
}

func (d *Deploy) apply(ctx context.Context, name string, objects []*unstructured.Unstructured, deployment client.ObjectKey) error {
	d.step("applying the manifests")
	if err := manifests.Apply(ctx, d.target.Client, objects); err != nil {
		return err
	}
	d.say("%-12s%d objects applied", name, len(objects))
	return d.wait(ctx, deployment)
}

// before returns what was applied. Where that is not known, since somebody applied manifests by other means, it is what
// any mode could have left behind. A sharder that somebody else installed stays theirs.
func (d *Deploy) before(ctx context.Context) (applied.Record, error) {
	record, err := d.book().Read(ctx)
	if err != nil || len(record.Overlay) > 0 {
		return record, err
	}
	record.Overlay, err = d.ofAnyMode(ctx)
	return record, err
}

// ofAnyMode returns what any mode could have left behind.
func (d *Deploy) ofAnyMode(ctx context.Context) ([]applied.Reference, error) {
	var overlay []applied.Reference
	for _, mode := range operator.Modes() {
		objects, err := d.renderWith(ctx, mode.Manifests(d.Checkout), operatorComponents)
		if err != nil {
			return nil, err
		}
		overlay = append(overlay, applied.Obsolete(applied.References(objects), overlay)...)
	}
	return overlay, nil
}

// obsolete returns what is to be removed. The sharder stays while there are other rings that it serves.
func (d *Deploy) obsolete(ctx context.Context, before, now applied.Record) (applied.Record, error) {
	obsolete := applied.Record{
		Overlay: applied.Obsolete(before.Overlay, now.Overlay), Sharder: applied.Obsolete(before.Sharder, now.Sharder),
	}
	if len(now.Sharder) > 0 || len(obsolete.Sharder) == 0 {
		return obsolete, nil
	}
	others, err := d.otherRings(ctx)
	if err != nil {
		return obsolete, err
	}
	if len(others) > 0 {
		d.say("sharder     stays, since it serves other rings: %s", strings.Join(others, ", "))
		obsolete.Sharder = nil
	}
	return obsolete, nil
}

func (d *Deploy) prune(ctx context.Context, before, now, obsolete applied.Record) error {
	d.step("removing what the mode does not need")
	gone := slices.Concat(obsolete.Overlay, obsolete.Sharder)
	removed, err := applied.Remove(ctx, d.target.Client, gone)
	if err != nil {
		return err
	}
	if removed > 0 {
		d.say("manifests   %d objects removed that the mode %s does not need", removed, d.Mode.Overlay())
	}
	return d.book().Change(ctx, func(record *applied.Record) {
		record.Overlay = now.Overlay
		record.Sharder = slices.Concat(now.Sharder, applied.Without(before.Sharder, slices.Concat(now.Sharder, gone)))
	})
}

// forgetShards removes what shards leave behind, when none of them is left.
func (d *Deploy) forgetShards(ctx context.Context) error {
	count, err := websites.ForgetShards(ctx, d.target.Client)
	if err != nil {
		return err
	}
	if count > 0 {
		d.say("websites    %d belong to no shard any more", count)
	}
	return nil
}

// only returns the objects of the kind.
func only(objects []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	for _, object := range objects {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}
