// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// Undeploy removes the operator, and the sharder unless other rings need it. Websites and themes stay with their kinds, and
// websites are served by their own pods as before; with purge they are removed, too.
func (d *Deploy) Undeploy(ctx context.Context, purge bool) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	record, err := d.before(ctx)
	if err != nil {
		return err
	}
	obsolete, err := d.obsolete(ctx, record, applied.Record{})
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
	gone := []applied.Reference{namespace(operator.Namespace)}
	if len(obsolete.Sharder) > 0 {
		gone = append(gone, namespace(sharder.Namespace))
	}
	if purge {
		kinds, err := d.purge(ctx, len(obsolete.Sharder) > 0)
		if err != nil {
			return err
		}
		gone = append(kinds, gone...)
	}
	more, err := d.removeAndWait(ctx, gone)
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

// purge deletes all websites with what belongs to them, and returns what else has to go: the definitions of kinds, and the
// namespaces of the samples if these were applied. What other rings need stays.
func (d *Deploy) purge(ctx context.Context, withSharder bool) ([]applied.Reference, error) {
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
	gone := []applied.Reference{definition("websites.webhosting.timebertt.dev"), definition("themes.webhosting.timebertt.dev")}
	if withSharder {
		gone = append(gone, definition("controllerrings.sharding.timebertt.dev"))
	}
	record, err := d.book().Read(ctx)
	if err != nil || record.Samples == "" {
		return gone, err
	}
	objects, err := d.renderSamples(ctx)
	return append(gone, applied.References(only(objects, "Namespace"))...), err
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
			object := &unstructured.Unstructured{}
			object.SetAPIVersion(reference.APIVersion)
			object.SetKind(reference.Kind)
			err := d.target.Client.Get(ctx, client.ObjectKey{Name: reference.Name}, object)
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
