// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/drift"
)

// annotationApplied on a controlled object is a checksum of the configuration that was applied last.
const annotationApplied = v1alpha1.GroupName + "/applied"

// configuration is what the apply configurations of all kinds have in common.
type configuration[T any] interface {
	runtime.ApplyConfiguration
	WithLabels(map[string]string) T
	WithAnnotations(map[string]string) T
	WithOwnerReferences(...*metav1ac.OwnerReferenceApplyConfiguration) T
	WithResourceVersion(string) T
}

// applyAll brings all objects of a website into the wanted form and returns how far its Deployment is. It stops at the
// first error. The order is such that a new pod finds its new files.
func (r *Reconciler) applyAll(ctx context.Context, s site) (progress, error) {
	if _, err := apply(ctx, r, s, configMap(s), &corev1.ConfigMap{}); err != nil {
		return progress{}, fmt.Errorf("applying ConfigMap %s: %w", s.serverName, err)
	}

	wanted, live := deployment(s, r.Image), &appsv1.Deployment{}
	answered, err := apply(ctx, r, s, wanted, live)
	if err != nil {
		return progress{}, fmt.Errorf("applying Deployment %s: %w", s.serverName, err)
	}
	seen := progressOf(live)
	if answered {
		seen = progressOfApplied(wanted)
	}

	if _, err := apply(ctx, r, s, service(s), &corev1.Service{}); err != nil {
		return progress{}, fmt.Errorf("applying Service %s: %w", s.serverName, err)
	}
	if _, err := apply(ctx, r, s, ingress(s, r.Ingress), &networkingv1.Ingress{}); err != nil {
		return progress{}, fmt.Errorf("applying Ingress %s: %w", s.serverName, err)
	}
	return seen, nil
}

// apply applies the wanted configuration unless the object in the cache, which is read into live, holds it already. It
// returns whether the API server's answer is in wanted.
//
// The request carries the resource version that it was decided on, so it is refused if the object has changed since. If
// the object is not in the cache, there is none to carry: the object may be new, or still carry another instance's
// labels. Then it overrides nothing that others have set.
func apply[T configuration[T]](ctx context.Context, r *Reconciler, s site, wanted T, live client.Object) (bool, error) {
	key := client.ObjectKey{Namespace: s.website.Namespace, Name: s.serverName}
	err := r.read(ctx, key, live)
	if client.IgnoreNotFound(err) != nil {
		return false, err
	}
	cached := err == nil
	if cached {
		if owner := metav1.GetControllerOfNoCopy(live); owner != nil && owner.UID != s.website.UID {
			return false, nameTaken(live, owner)
		}
	}

	complete(wanted, s.website, r.ControlledLabels)
	if !cached {
		err := r.Client.Apply(ctx, wanted, FieldOwner)
		if !isFieldConflict(err) {
			return err == nil, asRefusal(err)
		}
		if err := r.readOwn(ctx, s.website, key, live, err); err != nil {
			return false, err
		}
	}
	if drift.Holds(live, wanted) {
		return false, nil
	}
	wanted.WithResourceVersion(live.GetResourceVersion())
	err = r.Client.Apply(ctx, wanted, FieldOwner, client.ForceOwnership)
	if apierrors.IsInvalid(err) {
		return false, r.replace(ctx, wanted, live, err)
	}
	return err == nil, asRefusal(err)
}

// readOwn reads an object that the cache does not show, and others have set fields of. If that was another instance's, it is
// the website's all the same. If it was there before the website, it is not taken over.
func (r *Reconciler) readOwn(ctx context.Context, website *v1alpha1.Website, key client.ObjectKey, live client.Object, conflict error) error {
	if err := r.Live.Get(ctx, key, live); err != nil {
		if apierrors.IsNotFound(err) {
			return conflict
		}
		return err
	}
	if owner := metav1.GetControllerOfNoCopy(live); owner == nil || owner.UID != website.UID {
		return nameTaken(live, owner)
	}
	return nil
}

// replace is for what others added to an object in a way that leaves no valid object when it is merged with the wanted
// configuration, such as another kind of probe: the lists in its spec become the wanted ones as a whole. It returns
// errReplaced if that worked. If that is refused as well, it returns the error from before.
func (r *Reconciler) replace(ctx context.Context, wanted any, live client.Object, invalid error) error {
	patch, err := mergePatch(wanted)
	if err != nil {
		return err
	}
	replaced := live.DeepCopyObject().(client.Object)
	err = r.Client.Patch(ctx, replaced, client.RawPatch(types.MergePatchType, patch), FieldOwner)
	switch {
	case err == nil:
		return errReplaced
	case apierrors.IsInvalid(err):
		return asRefusal(invalid)
	default:
		return asRefusal(err)
	}
}

// mergePatch returns a configuration as a JSON merge patch. Owners are left out: those of others are not for this
// operator to remove.
func mergePatch(wanted any) ([]byte, error) {
	data, err := json.Marshal(wanted)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", wanted, err)
	}
	patch := struct {
		Metadata map[string]any `json:"metadata"`
		Spec     any            `json:"spec,omitempty"`
		Data     any            `json:"data,omitempty"`
	}{}
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, fmt.Errorf("decoding %T: %w", wanted, err)
	}
	delete(patch.Metadata, "ownerReferences")
	return json.Marshal(patch)
}

// complete adds to a configuration what the objects of all kinds have in common.
func complete[T configuration[T]](wanted T, website *v1alpha1.Website, controlledLabels map[string]string) {
	wanted.WithOwnerReferences(metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind("Website").
		WithName(website.Name).
		WithUID(website.UID).
		WithController(true).
		WithBlockOwnerDeletion(true))
	wanted.WithLabels(selector(ServerName(website)))
	wanted.WithLabels(map[string]string{labelManagedBy: ManagedBy})

	// The checksum covers the keys of these labels but not their values, so it stays the same when a website moves from
	// one instance to another. The Deployment's controller copies annotations to ReplicaSets, with a write for each.
	for key := range controlledLabels {
		wanted.WithLabels(map[string]string{key: ""})
	}
	wanted.WithAnnotations(map[string]string{annotationApplied: drift.Checksum(wanted)})
	wanted.WithLabels(controlledLabels)
}
