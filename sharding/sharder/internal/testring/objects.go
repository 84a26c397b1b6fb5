// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package testring

import (
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// The labels of the ring.
const (
	LabelShard = "shard.alpha.sharding.timebertt.dev/my-ring"
	LabelDrain = "drain.alpha.sharding.timebertt.dev/my-ring"
)

// The ring and its main kind.
var (
	Deployments      = appsv1.SchemeGroupVersion.WithKind("Deployment")
	DeploymentsGroup = schema.GroupResource{Group: "apps", Resource: "deployments"}

	Scope = scope.Scope{Ring: "my-ring", Resources: []scope.Resource{{Kind: Deployments}}}
)

// NameFor returns the name of an object that belongs to the wanted shard when the given shards are available. Each
// number gives another name.
func NameFor(wanted string, number int, available ...string) string {
	for n := 0; ; n++ {
		name := fmt.Sprintf("object-%d", n)
		if BelongsTo(name, available...) == wanted {
			if number == 0 {
				return name
			}
			number--
		}
	}
}

// BelongsTo returns the shard that the object of that name belongs to when the given shards are available.
func BelongsTo(name string, available ...string) string {
	return ring.New(available...).Lookup(key.Of(Deployments.GroupKind(), "default", name))
}

// Deployment returns an object of the ring as the API server has it at resource version 41.
func Deployment(name string, labels map[string]string) *appsv1.Deployment {
	object := &appsv1.Deployment{}
	object.Namespace, object.Name, object.Labels = "default", name, labels
	object.UID, object.ResourceVersion = types.UID("uid-of-"+name), "41"
	return object
}

// Unsaved returns the object as it may be created.
func Unsaved(object *appsv1.Deployment) *appsv1.Deployment {
	object.ResourceVersion = ""
	return object
}

// Metadata is Deployment for those who see its metadata only.
func Metadata(name string, labels map[string]string) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{ObjectMeta: Deployment(name, labels).ObjectMeta}
	object.SetGroupVersionKind(Deployments)
	return object
}

// AssignedTo returns the labels of an object that the shard owns.
func AssignedTo(shard string) map[string]string { return map[string]string{LabelShard: shard} }

// DrainingAt returns the labels of an object that the shard is to let go.
func DrainingAt(shard string) map[string]string {
	return map[string]string{LabelShard: shard, LabelDrain: "true"}
}

// Conflict is what is answered to a write of an object that has changed.
func Conflict(name string) error {
	return apierrors.NewConflict(DeploymentsGroup, name, errors.New("it was changed"))
}
