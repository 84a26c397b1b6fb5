// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package inventory knows what of a population is in the cluster: it refuses to touch what is not its own, creates what
// is missing, and deletes all that is its own.
package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
)

const (
	// pageSize is how many objects are asked for at once.
	pageSize = 1000
	// atOnce bounds the requests that are under way.
	atOnce = 16
	// namesTold is how many names an error has room for.
	namesTold = 5
)

var (
	websites   = v1alpha1.GroupVersion.WithKind("Website")
	themes     = v1alpha1.GroupVersion.WithKind("Theme")
	namespaces = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
)

// Inventory is what one program has in a cluster.
type Inventory struct {
	Client client.Client
	// Owner is the program; its objects have it as the value of the label population.LabelGeneratedBy.
	Owner string
}

// list returns the metadata of all objects of a kind, page by page.
func (i Inventory) list(ctx context.Context, kind schema.GroupVersionKind, options ...client.ListOption) ([]metav1.PartialObjectMetadata, error) {
	var all []metav1.PartialObjectMetadata
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	for {
		err := i.Client.List(ctx, list, append(options, client.Limit(pageSize), client.Continue(list.Continue))...)
		if err != nil {
			return nil, explain(kind, err)
		}
		all = append(all, list.Items...)
		if list.Continue == "" {
			return all, nil
		}
	}
}

// explain makes the two mistakes clear that people make most.
func explain(kind schema.GroupVersionKind, err error) error {
	switch {
	case meta.IsNoMatchError(err) || apierrors.IsNotFound(err):
		return fmt.Errorf("the cluster knows no %s: install the operator there first: %w", kind.Kind, err)
	case apierrors.ReasonForError(err) == metav1.StatusReasonUnknown:
		return fmt.Errorf("no cluster answers: is the kubeconfig right, and is it up? %w", err)
	default:
		return fmt.Errorf("listing all of kind %s: %w", kind.Kind, err)
	}
}

func (i Inventory) own(object metav1.Object) bool {
	return object.GetLabels()[population.LabelGeneratedBy] == i.Owner
}

// Foreign returns the keys of those websites in the cluster that are not the owner's.
func (i Inventory) Foreign(ctx context.Context) ([]string, error) {
	all, err := i.list(ctx, websites)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, website := range all {
		if !i.own(&website) {
			keys = append(keys, website.Namespace+"/"+website.Name)
		}
	}
	return keys, nil
}

// RefuseTaken returns an error that names those objects that are in the cluster already and are not the owner's.
func (i Inventory) RefuseTaken(ctx context.Context, objects []client.Object) error {
	wanted := map[schema.GroupVersionKind]map[client.ObjectKey]bool{}
	for _, object := range objects {
		kind := object.GetObjectKind().GroupVersionKind()
		if wanted[kind] == nil {
			wanted[kind] = map[client.ObjectKey]bool{}
		}
		wanted[kind][client.ObjectKeyFromObject(object)] = true
	}
	var taken []string
	for _, kind := range []schema.GroupVersionKind{namespaces, themes, websites} {
		if len(wanted[kind]) == 0 {
			continue
		}
		all, err := i.list(ctx, kind)
		if err != nil {
			return err
		}
		for _, object := range all {
			key := client.ObjectKeyFromObject(&object)
			switch {
			case wanted[kind][key] && !i.own(&object):
				taken = append(taken, kind.Kind+" "+strings.TrimPrefix(key.String(), "/"))
			case wanted[kind][key] && object.DeletionTimestamp != nil:
				return fmt.Errorf("the %s %s is still being deleted: try again when it is gone", kind.Kind, strings.TrimPrefix(key.String(), "/"))
			}
		}
	}
	if len(taken) > 0 {
		return fmt.Errorf("%s there already, made by somebody else: nothing was changed", Names(taken))
	}
	return nil
}

// Names writes a list of names with as many of them as people read.
func Names(names []string) string {
	slices.Sort(names)
	verb := " are"
	if len(names) == 1 {
		verb = " is"
	}
	if len(names) > namesTold {
		return fmt.Sprintf("%s and %d more are", strings.Join(names[:namesTold], ", "), len(names)-namesTold)
	}
	return strings.Join(names, ", ") + verb
}

// Apply creates the objects that are missing, and makes the others what they should be. Done is called after each. It
// stops at the first error.
func (i Inventory) Apply(ctx context.Context, objects []client.Object, done func()) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, object := range objects {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := i.apply(ctx, object); err != nil {
				return err
			}
			done()
			return nil
		})
	}
	return group.Wait()
}

func (i Inventory) apply(ctx context.Context, object client.Object) error {
	configuration, err := Configuration(object)
	if err != nil {
		return err
	}
	err = i.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(configuration), client.FieldOwner(i.Owner), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("applying the %s %s: %w", configuration.GetKind(), client.ObjectKeyFromObject(object), err)
	}
	return nil
}

// Configuration returns an object with nothing in it but what its maker says.
func Configuration(object client.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("encoding an object: %w", err)
	}
	delete(content, "status")
	if object.GetObjectKind().GroupVersionKind() == namespaces {
		delete(content, "spec")
	}
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}
