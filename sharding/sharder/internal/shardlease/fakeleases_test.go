// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"strconv"
	"testing"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

var leaseResource = coordinationv1.SchemeGroupVersion.WithResource("leases")

// fakeLeases is the leases of the shards, in a fake clientset that remembers what was asked of it.
type fakeLeases struct{ *fake.Clientset }

func newFakeLeases(leases ...*coordinationv1.Lease) *fakeLeases {
	clientset := fake.NewClientset()
	for _, lease := range leases {
		if err := clientset.Tracker().Add(lease); err != nil {
			panic(err)
		}
	}
	clientset.PrependReactor("update", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		lease := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease)
		version, err := strconv.Atoi(lease.ResourceVersion)
		if err != nil {
			return true, nil, err
		}
		lease.ResourceVersion = strconv.Itoa(version + 1)
		return true, lease, clientset.Tracker().Update(action.GetResource(), lease, action.GetNamespace())
	})
	return &fakeLeases{clientset}
}

func (f *fakeLeases) leases(clock clock.PassiveClock) *Leases {
	return &Leases{Client: f.CoordinationV1(), Clock: clock}
}

// get returns the lease of that name as it is now.
func (f *fakeLeases) get(t *testing.T, name string) *coordinationv1.Lease {
	t.Helper()
	lease, err := f.CoordinationV1().Leases(testring.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return lease
}

// writes returns what was asked for but to read.
func (f *fakeLeases) writes() []clienttesting.Action {
	var writes []clienttesting.Action
	for _, action := range f.Actions() {
		if action.GetVerb() != "get" && action.GetVerb() != "list" && action.GetVerb() != "watch" {
			writes = append(writes, action)
		}
	}
	return writes
}
