// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// tracked is a tracker, and the leases that its cache and the API server hold.
type tracked struct {
	*tracker
	clock  *clocktesting.FakePassiveClock
	leases *fakeLeases
	cached leaseCache
	logged []string
}

// leaseCache is a cache of leases only.
type leaseCache struct {
	cache.Cache
	leases []coordinationv1.Lease
	err    error
}

func (c *leaseCache) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*coordinationv1.LeaseList).Items = c.leases
	return c.err
}

func track(t *testing.T, leases ...*coordinationv1.Lease) *tracked {
	t.Helper()
	s := &tracked{clock: clocktesting.NewFakePassiveClock(begin), leases: newFakeLeases(leases...)}
	log := funcr.New(func(_, args string) { s.logged = append(s.logged, args) }, funcr.Options{})
	s.tracker = &tracker{
		ring: "my-ring", clock: s.clock, contact: &contact{clock: s.clock}, cache: &s.cached, leases: s.leases.leases(s.clock),
		members: newMembers("my-ring"), moves: newMovesUnderWay(), metrics: newRingMetrics("my-ring"), log: log,
	}
	s.see(leases...)
	return s
}

// see makes the cache hold these leases.
func (s *tracked) see(leases ...*coordinationv1.Lease) {
	s.cached.leases = nil
	for _, l := range leases {
		s.cached.leases = append(s.cached.leases, *l)
	}
}

// at reconciles so long after the beginning, in contact with the API server.
func (s *tracked) at(t *testing.T, after time.Duration) (reconcile.Result, error) {
	t.Helper()
	now := begin.Add(after)
	s.clock.SetTime(now)
	s.contact.last.Store(&now)
	return s.Reconcile(t.Context(), leasesChanged{})
}

func TestTrackerFollowsTheLifeOfAShard(t *testing.T) {
	g := NewWithT(t)
	a, b, c := heldLease("a"), heldLease("b"), heldLease("c")
	s := track(t, a, b, c)

	g.Expect(s.at(t, 0)).To(Equal(reconcile.Result{RequeueAfter: 15 * time.Second}))
	g.Expect(s.members.load().Available()).To(Equal([]string{"a", "b", "c"}))
	g.Expect(s.logged).To(HaveExactElements(And(ContainSubstring("The ring changed"), ContainSubstring(`"joined"=["a" "b" "c"]`))))
	g.Expect(s.leases.writes()).To(BeEmpty(), "they are labelled so already")

	renewed := metav1.NewMicroTime(begin.Add(14 * time.Second))
	for _, lives := range []*coordinationv1.Lease{b, c} {
		lives.Spec.RenewTime, lives.ResourceVersion = &renewed, "8"
	}
	s.see(a, b, c)
	g.Expect(s.at(t, 15*time.Second)).To(Equal(reconcile.Result{RequeueAfter: time.Second}), "it alone went silent")
	g.Expect(s.members.load().State("a")).To(Equal(lease.Expired))
	g.Expect(s.leases.writes()).To(HaveLen(1))
	g.Expect(s.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, "expired"))

	s.see(s.leases.get(t, "a"), b, c)
	g.Expect(s.at(t, 16*time.Second)).To(Equal(reconcile.Result{RequeueAfter: 13 * time.Second}))
	g.Expect(s.members.load().State("a")).To(Equal(lease.Uncertain))
	g.Expect(s.leases.get(t, "a").Spec.HolderIdentity).To(HaveValue(Equal("shardlease-controller")))
	g.Expect(s.members.load().Available()).To(ContainElement("a"), "until it is known to have been acquired")
	g.Expect(s.logged).To(HaveLen(2))
	g.Expect(s.logged[1]).To(And(ContainSubstring("Took the lease of a shard that went silent"), ContainSubstring(`"shard"="a"`)))

	s.see(s.leases.get(t, "a"), b, c)
	_, err := s.at(t, 16*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.members.load().State("a")).To(Equal(lease.Dead))
	g.Expect(s.logged[2]).To(ContainSubstring(`"left"=["a"]`))
	g.Expect(s.leases.writes()).To(HaveLen(2), "to acquire it has labelled it, too")

	_, err = s.at(t, 76*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.leases.writes()[2].GetVerb()).To(Equal("delete"))
}

func TestTrackerIsCalmWithoutContact(t *testing.T) {
	g := NewWithT(t)
	a, b, c := heldLease("a"), heldLease("b"), heldLease("c")
	s := track(t, a, b, c)
	now := begin.Add(15 * time.Second)
	renewed := metav1.NewMicroTime(now)
	b.Spec.RenewTime, c.Spec.RenewTime = &renewed, &renewed
	s.see(a, b, c)
	s.clock.SetTime(now)
	last := now.Add(-lease.ContactLost - 1)
	s.contact.last.Store(&last)
	g.Expect(s.Reconcile(t.Context(), leasesChanged{})).To(Equal(reconcile.Result{RequeueAfter: 15 * time.Second}))
}

func TestTrackerWithoutLeases(t *testing.T) {
	g := NewWithT(t)
	s := track(t)
	g.Expect(s.at(t, 0)).To(Equal(reconcile.Result{}))
	g.Expect(s.members.load().Available()).To(BeEmpty())
	g.Expect(s.logged).To(BeEmpty())
}

func TestTrackerLabelsOnlyChanges(t *testing.T) {
	g := NewWithT(t)
	unlabelled := heldLease("a")
	delete(unlabelled.Labels, stateLabel)
	s := track(t, unlabelled)
	_, err := s.at(t, 0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.leases.writes()).To(HaveLen(1))
	s.see(s.leases.get(t, "a"))
	_, err = s.at(t, time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.leases.writes()).To(HaveLen(1))
}

func TestTrackerWaitsForAShardWhoseLeaseIsDeleted(t *testing.T) {
	fenced := heldLease("a")
	fenced.Spec.HolderIdentity = new("shardlease-controller")
	fenced.Labels[stateLabel] = "fenced"
	fenced.Annotations = map[string]string{fencedUntil: begin.Add(15 * time.Second).Format(time.RFC3339Nano)}
	released := heldLease("a")
	released.Spec.HolderIdentity = new("")
	released.Labels[stateLabel] = "dead"

	for title, test := range map[string]struct {
		lease *coordinationv1.Lease
		waits bool
	}{
		"while it held it":    {lease: heldLease("a"), waits: true},
		"after it was fenced": {lease: fenced, waits: true},
		"after it released":   {lease: released},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			s := track(t, test.lease)
			_, err := s.at(t, 0)
			g.Expect(err).NotTo(HaveOccurred())
			s.see()
			if !test.waits {
				g.Expect(s.at(t, time.Second)).To(Equal(reconcile.Result{}))
				g.Expect(s.members.load().Known()).To(BeEmpty())
				return
			}
			g.Expect(s.at(t, 5*time.Second)).To(Equal(reconcile.Result{RequeueAfter: 10 * time.Second}))
			g.Expect(s.members.load().State("a")).To(Equal(lease.Fenced))
			g.Expect(s.at(t, 15*time.Second)).To(Equal(reconcile.Result{}))
			g.Expect(s.members.load().Known()).To(BeEmpty())
			g.Expect(s.logged[len(s.logged)-1]).To(ContainSubstring(`"left"=["a"]`))
			g.Expect(s.leases.writes()).To(BeEmpty(), "there is nothing to write to")
		})
	}
}

func TestTrackerSeesALeaseThatIsCreatedAgain(t *testing.T) {
	g := NewWithT(t)
	s := track(t, heldLease("a"))
	for _, see := range [][]*coordinationv1.Lease{{heldLease("a")}, {}, {heldLease("a")}} {
		s.see(see...)
		_, err := s.at(t, time.Second)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(s.members.load().State("a")).To(Equal(lease.Ready))
}

func TestTrackerCountsBrokenLeasesFromWhenItSawThem(t *testing.T) {
	g := NewWithT(t)
	future := heldLease("future")
	renewed := metav1.NewMicroTime(begin.Add(time.Hour))
	future.Spec.RenewTime = &renewed
	s := track(t, future, bareLease("bare"))
	g.Expect(s.at(t, 0)).To(Equal(reconcile.Result{RequeueAfter: lease.ShortGrace}))
	g.Expect(s.members.load().State("bare")).To(Equal(lease.Expired))
	g.Expect(s.at(t, 5*time.Second)).NotTo(BeZero())
	g.Expect(s.members.load().State("future")).To(Equal(lease.Ready))
	g.Expect(s.at(t, 15*time.Second)).NotTo(BeZero())
	g.Expect(s.members.load().State("future")).NotTo(Equal(lease.Ready), "its clock must not keep it alive")
}

func TestTrackerErrors(t *testing.T) {
	unavailable := errors.New("service unavailable")
	lost := coordinationv1.Resource("leases")
	for title, test := range map[string]struct{ refusal, returned error }{
		"conflict":  {refusal: apierrors.NewConflict(lost, "a", unavailable)},
		"not found": {refusal: apierrors.NewNotFound(lost, "a")},
		"other":     {refusal: unavailable, returned: unavailable},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			a, b := heldLease("a"), heldLease("b")
			a.Labels[stateLabel], b.Labels[stateLabel] = "dead", "dead"
			s := track(t, a, b)
			s.leases.PrependReactor("update", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
				refused := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease).Name == "a"
				return refused, nil, test.refusal
			})
			_, err := s.at(t, 0)
			if test.returned == nil {
				g.Expect(err).NotTo(HaveOccurred(), "the change is on its way")
			} else {
				g.Expect(err).To(MatchError(ContainSubstring("acting on the lease of shard a in state ready: service unavailable")))
			}
			g.Expect(s.leases.get(t, "b").Labels).To(HaveKeyWithValue(stateLabel, "ready"), "one does not keep another from being labelled")
			g.Expect(s.members.load().Available()).To(Equal([]string{"a", "b"}), "nor the membership from being known")
		})
	}

	t.Run("of the cache", func(t *testing.T) {
		g := NewWithT(t)
		s := track(t, heldLease("a"))
		s.cached.err = unavailable
		_, err := s.at(t, 0)
		g.Expect(err).To(MatchError(unavailable))
		g.Expect(s.members.load().Available()).To(BeEmpty())
	})
}
