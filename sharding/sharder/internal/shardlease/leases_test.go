// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gstruct"
	"github.com/onsi/gomega/types"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apitypes "k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

const (
	stateLabel  = "alpha.sharding.timebertt.dev/state"
	fencedUntil = "alpha.sharding.timebertt.dev/fenced-until"
)

// later is when the sharder acts on leases that were renewed at the beginning.
var later = testring.Begin.Add(16 * time.Second)

// beTaken matches a lease that the sharder took later, for so many seconds.
func beTaken(seconds, transitions int32, state string) types.GomegaMatcher {
	at := metav1.NewMicroTime(later)
	return And(
		HaveField("Spec", gstruct.MatchFields(gstruct.IgnoreExtras, gstruct.Fields{
			"HolderIdentity":       HaveValue(Equal("shardlease-controller")),
			"LeaseDurationSeconds": HaveValue(Equal(seconds)),
			"LeaseTransitions":     HaveValue(Equal(transitions)),
			"AcquireTime":          HaveValue(Equal(at)),
			"RenewTime":            HaveValue(Equal(at)),
		})),
		HaveField("Labels", HaveKeyWithValue(stateLabel, state)),
	)
}

func leaseNamed(name string) apitypes.NamespacedName {
	return apitypes.NamespacedName{Namespace: testring.Namespace, Name: name}
}

// sent returns the lease that was sent in the only write.
func (f *fakeLeases) sent(t *testing.T) *coordinationv1.Lease {
	t.Helper()
	NewWithT(t).Expect(f.writes()).To(HaveLen(1))
	update, ok := f.writes()[0].(clienttesting.UpdateAction)
	NewWithT(t).Expect(ok).To(BeTrue())
	return update.GetObject().(*coordinationv1.Lease)
}

func TestAcquireLease(t *testing.T) {
	g := NewWithT(t)
	held := testring.HeldLease("a")
	held.Annotations = map[string]string{fencedUntil: "long ago", "another": "annotation"}
	unchanged := held.DeepCopy()
	f := newFakeLeases(held)

	g.Expect(f.leases(clocktesting.NewFakePassiveClock(later)).acquire(t.Context(), held)).To(Succeed())
	g.Expect(f.sent(t).ResourceVersion).To(Equal("7"), "it must be the lease that was decided on")
	g.Expect(f.get(t, "a")).To(beTaken(30, 4, "dead"))
	g.Expect(f.get(t, "a").Labels).To(HaveKeyWithValue("alpha.sharding.timebertt.dev/controllerring", "my-ring"))
	g.Expect(f.get(t, "a").Annotations).To(Equal(map[string]string{"another": "annotation"}), "it is dead, not fenced")
	g.Expect(held).To(Equal(unchanged), "it is the cache's")
}

func TestFenceLease(t *testing.T) {
	g := NewWithT(t)
	f := newFakeLeases(testring.HeldLease("a"))

	g.Expect(f.leases(clocktesting.NewFakePassiveClock(later)).fence(t.Context(), leaseNamed("a"))).To(BeTrue())
	g.Expect(f.sent(t).ResourceVersion).To(Equal("7"))
	fenced := f.get(t, "a")
	g.Expect(fenced).To(beTaken(30, 4, "fenced"))
	g.Expect(fenced.Annotations).To(HaveKeyWithValue(fencedUntil, later.Add(15*time.Second).Format(time.RFC3339Nano)))

	// What that means to the one who reads it.
	observed := []lease.Observation{{Lease: fenced, SeenAt: later}}
	g.Expect(lease.Evaluate(observed, later.Add(15*time.Second-1), later)[0].State).To(Equal(lease.Fenced))
	g.Expect(lease.Evaluate(observed, later.Add(15*time.Second), later)[0].State).To(Equal(lease.Dead))
}

func TestFenceLeavesAloneWhatIsNotHeldByItsShard(t *testing.T) {
	released, taken := testring.HeldLease("released"), testring.HeldLease("taken")
	*released.Spec.HolderIdentity = ""
	*taken.Spec.HolderIdentity = "shardlease-controller"
	nobodys := testring.HeldLease("nobodys")
	nobodys.Spec.HolderIdentity = nil

	for _, name := range []string{"released", "taken", "nobodys", "deleted"} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := newFakeLeases(released, taken, nobodys)
			g.Expect(f.leases(clocktesting.NewFakePassiveClock(later)).fence(t.Context(), leaseNamed(name))).To(BeFalse())
			g.Expect(f.writes()).To(BeEmpty())
		})
	}
}

func TestLeasesThatSayNothing(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(later)

	t.Run("are acquired", func(t *testing.T) {
		g := NewWithT(t)
		f := newFakeLeases(testring.BareLease("a"))
		g.Expect(f.leases(clock).acquire(t.Context(), testring.BareLease("a"))).To(Succeed())
		g.Expect(f.get(t, "a")).To(beTaken(30, 1, "dead"))
	})
	t.Run("are fenced", func(t *testing.T) {
		g := NewWithT(t)
		f := newFakeLeases(testring.BareLease("a"))
		g.Expect(f.leases(clock).fence(t.Context(), leaseNamed("a"))).To(BeTrue())
		g.Expect(f.get(t, "a")).To(beTaken(30, 1, "fenced"))
		g.Expect(f.get(t, "a").Annotations).To(HaveKeyWithValue(fencedUntil, later.Add(15*time.Second).Format(time.RFC3339Nano)))
	})
	t.Run("are labelled", func(t *testing.T) {
		g := NewWithT(t)
		f := newFakeLeases(testring.BareLease("a"))
		g.Expect(f.leases(clock).label(t.Context(), testring.BareLease("a"), lease.Ready)).To(Succeed())
		g.Expect(f.get(t, "a").Labels).To(Equal(map[string]string{stateLabel: "ready"}))
	})
	t.Run("are removed", func(t *testing.T) {
		g := NewWithT(t)
		f := newFakeLeases(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: testring.Namespace, Name: "a"}})
		g.Expect(f.leases(clock).remove(t.Context(), f.get(t, "a"))).To(Succeed())
	})
}

func TestTakeLeaseWithADurationOfItsOwn(t *testing.T) {
	for duration, taken := range map[int32]int32{1: 2, 40: 80, 0: 30, -5: 30} {
		g := NewWithT(t)
		held := testring.HeldLease("a")
		held.Spec.LeaseDurationSeconds = &duration
		f := newFakeLeases(held)
		g.Expect(f.leases(clocktesting.NewFakePassiveClock(later)).acquire(t.Context(), held)).To(Succeed())
		g.Expect(f.get(t, "a").Spec.LeaseDurationSeconds).To(HaveValue(Equal(taken)), "for a lease of %d seconds", duration)
	}
}

func TestLabelLease(t *testing.T) {
	g := NewWithT(t)
	held := testring.HeldLease("a")
	unchanged := held.DeepCopy()
	f := newFakeLeases(held)

	g.Expect(f.leases(clocktesting.NewFakePassiveClock(later)).label(t.Context(), held, lease.Expired)).To(Succeed())
	g.Expect(f.sent(t).ResourceVersion).To(Equal("7"))
	g.Expect(held).To(Equal(unchanged), "it is the cache's")
	unchanged.Labels[stateLabel], unchanged.ResourceVersion = "expired", "8"
	g.Expect(f.get(t, "a")).To(Equal(unchanged), "nothing else may change")
}

func TestRemoveLease(t *testing.T) {
	g := NewWithT(t)
	held := testring.HeldLease("a")
	f := newFakeLeases(held)
	g.Expect(f.leases(clocktesting.NewFakePassiveClock(later)).remove(t.Context(), held)).To(Succeed())

	g.Expect(f.writes()).To(HaveLen(1))
	preconditions := f.writes()[0].(clienttesting.DeleteAction).GetDeleteOptions().Preconditions
	g.Expect(preconditions.UID).To(HaveValue(Equal(apitypes.UID("uid-of-lease"))))
	g.Expect(preconditions.ResourceVersion).To(HaveValue(Equal("7")), "it may have come back to life")
}

func TestLeasesReturnErrors(t *testing.T) {
	refusal := apierrors.NewConflict(coordinationv1.Resource("leases"), "a", errors.New("it was changed"))
	refuse := func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, refusal }

	g := NewWithT(t)
	f := newFakeLeases(testring.HeldLease("a"))
	f.PrependReactor("update", "leases", refuse)
	f.PrependReactor("delete", "leases", refuse)
	l := f.leases(clocktesting.NewFakePassiveClock(later))
	g.Expect(l.acquire(t.Context(), testring.HeldLease("a"))).To(BeIdenticalTo(refusal))
	g.Expect(l.label(t.Context(), testring.HeldLease("a"), lease.Dead)).To(BeIdenticalTo(refusal))
	g.Expect(l.remove(t.Context(), testring.HeldLease("a"))).To(BeIdenticalTo(refusal))
	taken, err := l.fence(t.Context(), leaseNamed("a"))
	g.Expect(err).To(BeIdenticalTo(refusal))
	g.Expect(taken).To(BeFalse())

	f.PrependReactor("get", "leases", refuse)
	_, err = l.fence(t.Context(), leaseNamed("a"))
	g.Expect(err).To(BeIdenticalTo(refusal))
}
