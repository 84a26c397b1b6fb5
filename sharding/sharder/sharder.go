// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/kubernetes/scheme"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// sharder is the sharder of one ring in one process.
type sharder struct {
	ring    sharding.Ring
	kinds   []schema.GroupVersionKind
	options Options

	config     *rest.Config
	httpClient *http.Client
	mapper     meta.RESTMapper
	leases     coordinationv1client.CoordinationV1Interface
	contact    *contact
	metrics    ringMetrics
}

// AddToManager makes the manager's process stand for election as the sharder of the ring, from when the manager starts
// until it stops, whether it holds a lease of its own or not.
//
// The manager provides its scheme and its REST mapper. The config is that of the API server as it was before
// shard.Shard.NewManager: a shard's manager refuses writes when its lease is lost, which is not the sharder's concern.
func AddToManager(mgr manager.Manager, config *rest.Config, ring sharding.Ring, options Options) error {
	if err := ring.Validate(mgr.GetScheme()); err != nil {
		return err
	}
	if err := options.complete(ring.Name); err != nil {
		return err
	}
	s := &sharder{ring: ring, options: options, mapper: mgr.GetRESTMapper(), contact: &contact{clock: options.Clock}, metrics: newRingMetrics(ring.Name)}
	for _, kind := range ring.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Main, mgr.GetScheme())
		if err != nil {
			return err
		}
		s.kinds = append(s.kinds, gvk)
	}

	s.config = rest.CopyConfig(config)
	s.config.UserAgent = cmp.Or(config.UserAgent, rest.DefaultKubernetesUserAgent()) + " sharder"
	s.config.QPS = -1 // its work is bounded by Options.Concurrency
	s.config.Wrap(s.contact.wrap)
	var err error
	if s.httpClient, err = rest.HTTPClientFor(s.config); err != nil {
		return fmt.Errorf("creating the sharder's HTTP client: %w", err)
	}
	if s.leases, err = coordinationv1client.NewForConfigAndClient(s.config, s.httpClient); err != nil {
		return fmt.Errorf("creating the sharder's client for leases: %w", err)
	}
	return mgr.Add(s)
}

var _ manager.LeaderElectionRunnable = &sharder{}

// NeedLeaderElection is false: the sharder has an election of its own, which a process without a shard lease may win.
func (s *sharder) NeedLeaderElection() bool { return false }

// Start stands for election until the context ends.
func (s *sharder) Start(ctx context.Context) error {
	candidate := &candidate{options: s.options, client: s.leases}
	return candidate.run(ctx, s.lead)
}

// newCache returns a cache of what the sharder watches: the leases of the ring, and objects that are not assigned.
func (s *sharder) newCache() (cache.Cache, error) {
	unassigned, err := labels.NewRequirement(s.ring.LabelShard(), selection.DoesNotExist, nil)
	if err != nil {
		return nil, err
	}
	byObject := map[client.Object]cache.ByObject{
		&coordinationv1.Lease{}: {
			Namespaces: map[string]cache.Config{s.options.Namespace: {}},
			Label:      labels.SelectorFromSet(labels.Set{shardingv1alpha1.LabelControllerRing: s.ring.Name}),
		},
	}
	for _, kind := range s.kinds {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(kind)
		byObject[object] = cache.ByObject{Label: labels.NewSelector().Add(*unassigned), Transform: keepIdentity}
	}
	return cache.New(s.config, cache.Options{
		HTTPClient: s.httpClient, Scheme: scheme.Scheme, Mapper: s.mapper, ByObject: byObject,
		DefaultTransform: cache.TransformStripManagedFields(),
	})
}

// newList returns an empty list of objects of the kind. Clients cut off one suffix "List", so it has to be there, for the
// sake of kinds whose own name ends like that.
func newList(kind schema.GroupVersionKind) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	return list
}

// keepIdentity drops the metadata that no decision reads.
func keepIdentity(object any) (any, error) {
	if partial, ok := object.(*metav1.PartialObjectMetadata); ok {
		partial.ManagedFields, partial.Annotations, partial.OwnerReferences, partial.Finalizers = nil, nil, nil, nil
	}
	return object, nil
}
