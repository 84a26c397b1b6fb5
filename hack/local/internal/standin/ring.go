// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package standin stands in for sharded controllers, to look at the sharder alone: rings over ConfigMaps, whose shards hold
// their leases and let objects go when they are asked to, and do nothing else.
package standin

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

// labelMark is on all that is made here, so that nothing else is ever removed.
const labelMark = "sharding.timebertt.dev/standin"

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// Cluster is where the rings are made.
type Cluster struct {
	client   client.Client
	metadata metadata.Interface
	clock    clock.WithTicker
}

// NewCluster returns the cluster of the kubeconfig.
func NewCluster(kubeconfig string, now clock.WithTicker) (*Cluster, error) {
	config, err := kube.Config(kubeconfig)
	if err != nil {
		return nil, err
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client for rings: %w", err)
	}
	ofMetadata, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for rings: %w", err)
	}
	return &Cluster{client: c, metadata: ofMetadata, clock: now}, nil
}

// Ring is a ring of the ConfigMaps of one namespace, in which its shards have their leases, too.
type Ring struct {
	*Cluster
	Name      string
	Namespace string

	mutex        sync.Mutex
	acknowledged int
	failed       error
}

// Ring returns a ring that does not exist yet, neither need its namespace.
func (c *Cluster) Ring(namespace, name string) *Ring {
	return &Ring{Cluster: c, Namespace: namespace, Name: name}
}

// Create makes the ring, and its namespace if there is none. The sharder must have been permitted to work on ConfigMaps.
func (r *Ring) Create(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.Namespace, Labels: marked}}
	if err := r.client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("making the namespace of the ring %s: %w", r.Name, err)
	}
	object := &shardingv1alpha1.ControllerRing{
		ObjectMeta: metav1.ObjectMeta{Name: r.Name, Labels: marked},
		Spec: shardingv1alpha1.ControllerRingSpec{
			Resources:         resources("configmaps"),
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: r.Namespace}},
		},
	}
	if err := r.client.Create(ctx, object); err != nil {
		return fmt.Errorf("making the ring %s: %w", r.Name, err)
	}
	return nil
}

// Reshape has the ring shard Secrets instead of ConfigMaps.
func (r *Ring) Reshape(ctx context.Context) error {
	object := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: r.Name}}
	changed := object.DeepCopy()
	changed.Spec.Resources = resources("secrets")
	if err := r.client.Patch(ctx, changed, client.MergeFrom(object)); err != nil {
		return fmt.Errorf("changing the ring %s: %w", r.Name, err)
	}
	return nil
}

// Shards returns the names of the ring's shards.
func (r *Ring) Shards(count int) []string {
	names := make([]string, 0, count)
	for i := range count {
		names = append(names, fmt.Sprintf("%s-%d", r.Name, i))
	}
	return names
}

// Owners returns which of the shards each ConfigMap belongs to, by its key.
func (r *Ring) Owners(keys, shards []string) map[string]string {
	hashing := ring.New(shards...)
	owners := make(map[string]string, len(keys))
	for _, name := range keys {
		owners[name] = hashing.Lookup(key.Of(schema.GroupKind{Kind: "ConfigMap"}, r.Namespace, name))
	}
	return owners
}

// Acknowledged returns how many objects the shards of the ring have let go, and the first error that one of them met.
func (r *Ring) Acknowledged() (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.acknowledged, r.failed
}

func (r *Ring) note(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err == nil {
		r.acknowledged++
	} else if r.failed == nil {
		r.failed = err
	}
}

func resources(name string) []shardingv1alpha1.RingResource {
	return []shardingv1alpha1.RingResource{{GroupResource: shardingv1alpha1.GroupResource{Resource: name}}}
}

var marked = map[string]string{labelMark: "true"}
