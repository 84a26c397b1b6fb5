// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/target"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// Undeploy removes the operator, and the sharder unless other rings need it. Websites and themes stay with their kinds, and
// websites are served by their own pods as before; with purge they are removed, too.
func (d *Deploy) Undeploy(ctx context.Context, purge bool) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	d.step("checking what the cluster allows")
	record, obsolete, err := d.deployed(ctx)
	if err != nil && !apierrors.IsForbidden(err) {
		return err
	}
	// Who may not even look gets to know all that is missing, and not just this.
	if refused := d.mayRemove(ctx, obsolete, purge); refused != nil {
		return refused
	}
	if err != nil {
		return err
	}
	d.step("stopping the operator")
	if err := d.stop(ctx, obsolete); err != nil {
		return err
	}
	d.step("removing the manifests")
	removed, err := applied.Remove(ctx, d.target.Client, slices.Concat(obsolete.Overlay, obsolete.Sharder))
	if err != nil {
		return err
	}
	if err := d.forgetShards(ctx); err != nil {
		return err
	}
	var gone []applied.Reference
	if purge {
		if gone, err = d.purge(ctx); err != nil {
			return err
		}
	}
	rest, err := d.restOfSharder(ctx, record)
	if err != nil {
		return err
	}
	// The record is in the operator's namespace, so that goes last.
	more, err := d.removeAndWait(ctx, slices.Concat(gone, rest, []applied.Reference{namespace(operator.Namespace)}))
	if err != nil {
		return err
	}
	switch {
	case removed+more == 0:
		d.say("nothing is deployed")
	case purge:
		d.say("undeployed  %d objects removed, and with them all websites and themes", removed+more)
	default:
		d.say("undeployed  %d objects removed; websites and themes stay, and are served as they were (PURGE=true removes them, too)", removed+more)
	}
	return nil
}

// deployed returns what is remembered, and what of it is to be removed. Where that may not be looked at, it is an error, and
// what may be removed is what any mode could have left behind.
func (d *Deploy) deployed(ctx context.Context) (record, obsolete applied.Record, err error) {
	if record, err = d.before(ctx); apierrors.IsForbidden(err) {
		guess, guessing := d.ofAnyMode(ctx)
		return record, applied.Record{Overlay: guess}, cmp.Or(guessing, err)
	}
	if err != nil {
		return record, obsolete, err
	}
	if obsolete, err = d.obsolete(ctx, record, applied.Record{}); apierrors.IsForbidden(err) {
		return record, record, err
	}
	return record, obsolete, err
}

// restOfSharder returns what is left of a sharder that was deployed with the operator, now or in an earlier mode, unless
// there are other rings: its namespace, and the kind of rings, of which there are none.
func (d *Deploy) restOfSharder(ctx context.Context, record applied.Record) ([]applied.Reference, error) {
	if len(record.Sharder) == 0 {
		return nil, nil
	}
	others, err := d.otherRings(ctx)
	if err != nil || len(others) > 0 {
		return nil, err
	}
	return []applied.Reference{definition("controllerrings.sharding.timebertt.dev"), namespace(sharder.Namespace)}, nil
}

// purge deletes all websites with what belongs to them, and returns what else has to go: the definitions of kinds, and the
// namespaces of the samples.
func (d *Deploy) purge(ctx context.Context) ([]applied.Reference, error) {
	d.step("deleting the websites")
	count, err := websites.Delete(ctx, d.target.Client)
	if err != nil {
		return nil, err
	}
	if count > 0 {
		d.say("websites    %d are being deleted", count)
	}
	if err := d.waitNoWebsites(ctx); err != nil {
		return nil, err
	}
	namespaces, err := d.sampleNamespaces(ctx)
	if err != nil {
		return nil, err
	}
	return append(namespaces, definition("websites.webhosting.timebertt.dev"), definition("themes.webhosting.timebertt.dev")), nil
}

// sampleNamespaces returns those namespaces of the samples that this command applied. The namespaces themselves tell: the
// record is gone when the operator was removed before.
func (d *Deploy) sampleNamespaces(ctx context.Context) ([]applied.Reference, error) {
	objects, err := d.renderSamples(ctx)
	if err != nil {
		return nil, err
	}
	var ours []applied.Reference
	for _, object := range only(objects, "Namespace") {
		found := &corev1.Namespace{}
		err := d.target.Client.Get(ctx, client.ObjectKeyFromObject(object), found)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("looking for the namespace %s: %w", object.GetName(), err)
		}
		if slices.ContainsFunc(found.ManagedFields, func(fields metav1.ManagedFieldsEntry) bool { return fields.Manager == target.FieldOwner }) {
			ours = append(ours, namespace(object.GetName()))
		}
	}
	return ours, nil
}

func (d *Deploy) waitNoWebsites(ctx context.Context) error {
	end := time.Now().Add(d.Timeout)
	for {
		left, err := websites.List(ctx, d.target.Client)
		switch {
		case err != nil:
			return err
		case len(left) == 0:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("%d websites are not gone after %s, the first is %s: see its finalizers and what it controls", len(left), d.Timeout, left[0].Key())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// removeAndWait removes objects and waits until they are gone, so that they can be created again at once. It returns how
// many there were.
func (d *Deploy) removeAndWait(ctx context.Context, references []applied.Reference) (int, error) {
	d.step("waiting until all is gone")
	removed, err := applied.Remove(ctx, d.target.Client, references)
	if err != nil {
		return removed, err
	}
	end := time.Now().Add(d.Timeout)
	for _, reference := range references {
		for {
			object := reference.Object()
			err := d.target.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
			if apierrors.IsNotFound(err) {
				break
			}
			if err != nil {
				return removed, fmt.Errorf("waiting until %s %s is gone: %w", reference.Kind, reference.Name, err)
			}
			if time.Now().After(end) {
				return removed, fmt.Errorf("%s %s is not gone after %s: its status says why", reference.Kind, reference.Name, d.Timeout)
			}
			select {
			case <-ctx.Done():
				return removed, ctx.Err()
			case <-time.After(pollInterval):
			}
		}
	}
	return removed, nil
}

func namespace(name string) applied.Reference {
	return applied.Reference{APIVersion: "v1", Kind: "Namespace", Name: name}
}

func definition(name string) applied.Reference {
	return applied.Reference{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: name}
}
