// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"
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

func (f *fakeLeases) leases(clock clock.PassiveClock) *leases {
	return &leases{client: f.CoordinationV1(), clock: clock}
}

// get returns the lease of that name as it is now.
func (f *fakeLeases) get(t *testing.T, name string) *coordinationv1.Lease {
	t.Helper()
	lease, err := f.CoordinationV1().Leases(testNamespace).Get(t.Context(), name, metav1.GetOptions{})
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

// heldLease is the lease of a shard that renewed it at the beginning, with 15 seconds to live.
func heldLease(name string) *coordinationv1.Lease {
	lease := bareLease(name)
	lease.Labels = map[string]string{
		"alpha.sharding.timebertt.dev/controllerring": "my-ring",
		"alpha.sharding.timebertt.dev/state":          "ready",
	}
	lease.Spec.LeaseDurationSeconds = new(int32(15))
	lease.Spec.LeaseTransitions = new(int32(3))
	acquired, renewed := metav1.NewMicroTime(begin.Add(-time.Hour)), metav1.NewMicroTime(begin)
	lease.Spec.AcquireTime, lease.Spec.RenewTime = &acquired, &renewed
	return lease
}

// bareLease is a lease that says no more than that its shard holds it.
func bareLease(name string) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, Name: name, UID: "uid-of-lease", ResourceVersion: "7"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new(name)},
	}
}
