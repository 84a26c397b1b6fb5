// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

func TestKeepIdentity(t *testing.T) {
	g := NewWithT(t)
	object := &metav1.PartialObjectMetadata{ObjectMeta: testring.Deployment("x", testring.AssignedTo("a")).ObjectMeta}
	object.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m"}}
	object.Annotations = map[string]string{"long": "text"}
	object.OwnerReferences = []metav1.OwnerReference{{Name: "owner"}, {Name: "controller", Controller: new(true)}}
	object.Finalizers = []string{"finalizer"}

	wanted := testring.Metadata("x", testring.AssignedTo("a"))
	wanted.OwnerReferences = []metav1.OwnerReference{{Name: "controller", Controller: new(true)}}
	g.Expect(keepIdentityAs(testring.Deployments)(object)).To(Equal(wanted), "what decisions and writes need stays")
}
