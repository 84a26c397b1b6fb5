// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
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

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// tracked is the shards of a ring, the keeper of their leases, and what the cache and the API server hold.
type tracked struct {
	*Shards
	keeper *keeper
	clock  *clocktesting.FakeClock
	leases *fakeLeases
	cached leaseList
	told   []change
	logged []string
}

// leaseList is a cache of leases that does not change by itself.
type leaseList struct {
	leases []*coordinationv1.Lease
	err    error
}

func (l *leaseList) hasSynced() bool                                { return true }
func (l *leaseList) ofRing(string) ([]*coordinationv1.Lease, error) { return l.leases, l.err }
func (l *leaseList) follow(string, func()) (stop func())            { return func() {} }

func track(t *testing.T, leases ...*coordinationv1.Lease) *tracked {
	t.Helper()
	s := &tracked{clock: clocktesting.NewFakeClock(begin), leases: newFakeLeases(leases...)}
	log := funcr.New(func(_, args string) { s.logged = append(s.logged, args) }, funcr.Options{})
	s.Shards = newShards("my-ring", s.clock, &contact{clock: s.clock}, &s.cached)
	s.keeper = &keeper{shards: s.Shards, leases: s.leases.leases(s.clock), moves: newMovesUnderWay(), log: log}
	t.Cleanup(s.members.follow(func(c change) { s.told = append(s.told, c) }))
	s.see(leases...)
	return s
}

// see makes the cache hold these leases.
func (s *tracked) see(leases ...*coordinationv1.Lease) {
	s.cached.leases = nil
	for _, l := range leases {
		s.cached.leases = append(s.cached.leases, l.DeepCopy())
	}
}

// at looks and acts so long after the beginning, in contact with the API server. It returns how long it takes until there
// is something to do though no lease changed, or 0.
func (s *tracked) at(t *testing.T, after time.Duration) (time.Duration, error) {
	t.Helper()
	now := begin.Add(after)
	s.contact.last.Store(&now)
	return s.lookAndAct(t, now)
}

func (s *tracked) lookAndAct(t *testing.T, now time.Time) (time.Duration, error) {
	t.Helper()
	s.clock.SetTime(now)
	next, err := s.look()
	if err != nil {
		return 0, err
	}
	result, err := s.keeper.Reconcile(t.Context(), allLeases{})
	if err != nil || result.RequeueAfter > 0 || next.IsZero() {
		return result.RequeueAfter, err
	}
	return next.Sub(now), nil
}

func TestShardsFollowsTheLifeOfAShard(t *testing.T) {
	g := NewWithT(t)
	a, b, c := heldLease("a"), heldLease("b"), heldLease("c")
	s := track(t, a, b, c)

	g.Expect(s.at(t, 0)).To(Equal(15 * time.Second))
	g.Expect(s.members.load().Available()).To(Equal([]string{"a", "b", "c"}))
	g.Expect(s.told).To(HaveExactElements(change{joined: []string{"a", "b", "c"}}))
	g.Expect(s.leases.writes()).To(BeEmpty(), "they are labelled so already")

	renewed := metav1.NewMicroTime(begin.Add(14 * time.Second))
	for _, lives := range []*coordinationv1.Lease{b, c} {
		lives.Spec.RenewTime, lives.ResourceVersion = &renewed, "8"
	}
	s.see(a, b, c)
	g.Expect(s.at(t, 15*time.Second)).To(Equal(time.Second), "it alone went silent")
	g.Expect(s.members.load().State("a")).To(Equal(lease.Expired))
	g.Expect(s.leases.writes()).To(HaveLen(1))
	g.Expect(s.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, "expired"))

	s.see(s.leases.get(t, "a"), b, c)
	g.Expect(s.at(t, 16*time.Second)).To(Equal(14 * time.Second))
	g.Expect(s.members.load().State("a")).To(Equal(lease.Uncertain))
	g.Expect(s.leases.get(t, "a").Spec.HolderIdentity).To(HaveValue(Equal("shardlease-controller")))
	g.Expect(s.members.load().Available()).To(ContainElement("a"), "until it is known to have been acquired")
	g.Expect(s.logged).To(HaveExactElements(And(ContainSubstring("Took the lease of a shard that went silent"), ContainSubstring(`"shard"="a"`))))

	s.see(s.leases.get(t, "a"), b, c)
	_, err := s.at(t, 16*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.members.load().State("a")).To(Equal(lease.Dead))
	g.Expect(s.told[1:]).To(HaveExactElements(change{left: []string{"a"}}))
	g.Expect(s.leases.writes()).To(HaveLen(2), "to acquire it has labelled it, too")

	_, err = s.at(t, 76*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.leases.writes()[2].GetVerb()).To(Equal("delete"))
}

func TestShardsIsCalmWithoutContact(t *testing.T) {
	g := NewWithT(t)
	a, b, c := heldLease("a"), heldLease("b"), heldLease("c")
	s := track(t, a, b, c)
	now := begin.Add(15 * time.Second)
	renewed := metav1.NewMicroTime(now)
	b.Spec.RenewTime, c.Spec.RenewTime = &renewed, &renewed
	s.see(a, b, c)
	last := now.Add(-lease.ContactLost - 1)
	s.contact.last.Store(&last)
	g.Expect(s.lookAndAct(t, now)).To(Equal(15 * time.Second))
}

func TestShardsWithoutLeases(t *testing.T) {
	g := NewWithT(t)
	s := track(t)
	g.Expect(s.at(t, 0)).To(BeZero())
	g.Expect(s.members.load().Available()).To(BeEmpty())
	g.Expect(s.told).To(BeEmpty())
	g.Expect(s.Synced()).To(BeTrue())
}

func TestShardsLabelsOnlyChanges(t *testing.T) {
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

func TestShardsWaitsForAShardWhoseLeaseIsDeleted(t *testing.T) {
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
				g.Expect(s.at(t, time.Second)).To(BeZero())
				g.Expect(s.members.load().Known()).To(BeEmpty())
				return
			}
			g.Expect(s.at(t, 5*time.Second)).To(Equal(10 * time.Second))
			g.Expect(s.members.load().State("a")).To(Equal(lease.Fenced))
			g.Expect(s.at(t, 15*time.Second)).To(BeZero())
			g.Expect(s.members.load().Known()).To(BeEmpty())
			g.Expect(s.told[len(s.told)-1].left).To(Equal([]string{"a"}))
			g.Expect(s.leases.writes()).To(BeEmpty(), "there is nothing to write to")
		})
	}
}

func TestShardsSeesALeaseThatIsCreatedAgain(t *testing.T) {
	g := NewWithT(t)
	s := track(t, heldLease("a"))
	for _, see := range [][]*coordinationv1.Lease{{heldLease("a")}, {}, {heldLease("a")}} {
		s.see(see...)
		_, err := s.at(t, time.Second)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(s.members.load().State("a")).To(Equal(lease.Ready))
}

func TestShardsCountsBrokenLeasesFromWhenItSawThem(t *testing.T) {
	g := NewWithT(t)
	future := heldLease("future")
	renewed := metav1.NewMicroTime(begin.Add(time.Hour))
	future.Spec.RenewTime = &renewed
	s := track(t, future, bareLease("bare"))
	g.Expect(s.at(t, 0)).To(Equal(5*time.Second), "it may be about to renew")
	g.Expect(s.members.load().State("bare")).To(Equal(lease.Expired))
	g.Expect(s.at(t, 5*time.Second)).NotTo(BeZero())
	g.Expect(s.members.load().State("future")).To(Equal(lease.Ready))
	g.Expect(s.at(t, 15*time.Second)).NotTo(BeZero())
	g.Expect(s.members.load().State("future")).NotTo(Equal(lease.Ready), "its clock must not keep it alive")
}

func TestShardsErrors(t *testing.T) {
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

func TestShardsIgnoreTheYoungerLeaseOfOneName(t *testing.T) {
	g := NewWithT(t)
	older, younger := heldLease("a"), heldLease("a")
	older.Namespace, older.CreationTimestamp = "z-older", metav1.NewTime(begin.Add(-time.Hour))
	younger.Namespace, younger.CreationTimestamp = "a-younger", metav1.NewTime(begin.Add(-time.Minute))
	*older.Spec.HolderIdentity = ""
	s := track(t, younger, older)
	_, err := s.at(t, 0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Membership().State("a")).To(Equal(lease.Dead), "the older one counts")
	g.Expect(s.Duplicates()).To(Equal([]Duplicate{{Shard: "a", Namespace: "z-older", Ignored: "a-younger"}}))
	g.Expect(s.leases.writes()).To(HaveExactElements(HaveField("Namespace", "z-older")), "the other one is left alone")
	name, known := s.leaseOf("a")
	g.Expect(name.Namespace).To(Equal("z-older"))
	g.Expect(known).To(BeTrue())

	s.see(younger)
	_, err = s.at(t, time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Membership().State("a")).To(Equal(lease.Ready))
	g.Expect(s.Duplicates()).To(BeEmpty())
}

// renewals returns the leases as they are after the shard "slow", whose clock is behind, and two others renewed.
func renewals(at time.Duration) []*coordinationv1.Lease {
	var leases []*coordinationv1.Lease
	for name, behind := range map[string]time.Duration{"slow": 20 * time.Second, "b": 0, "c": 0} {
		l := heldLease(name)
		renewed := metav1.NewMicroTime(begin.Add(at - behind))
		l.Spec.RenewTime = &renewed
		leases = append(leases, l)
	}
	return leases
}

func TestShardsTolerateAClockThatIsBehind(t *testing.T) {
	g := NewWithT(t)
	s := track(t, renewals(0)...)
	for at := time.Duration(0); at <= time.Minute; at += 2 * time.Second {
		s.see(renewals(at)...)
		_, err := s.at(t, at)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(s.Membership().State("slow")).To(Or(Equal(lease.Ready), Equal(lease.Expired)), "after %s", at)
	}
	g.Expect(s.Membership().State("slow")).To(Equal(lease.Ready))
	g.Expect(s.logged).To(BeEmpty(), "its lease is not taken")

	// From now on it alone is silent.
	var silent *coordinationv1.Lease
	for _, l := range renewals(time.Minute) {
		if l.Name == "slow" {
			silent = l
		}
	}
	for _, test := range []struct {
		at    time.Duration
		state lease.State
	}{{14 * time.Second, lease.Ready}, {15 * time.Second, lease.Expired}, {16*time.Second - 1, lease.Expired}, {16 * time.Second, lease.Uncertain}} {
		current := []*coordinationv1.Lease{silent}
		for _, l := range renewals(time.Minute + test.at) {
			if l.Name != "slow" {
				current = append(current, l)
			}
		}
		s.see(current...)
		_, err := s.at(t, time.Minute+test.at)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(s.Membership().State("slow")).To(Equal(test.state), "%s after its last renewal", test.at)
		if test.state == lease.Expired {
			silent = s.leases.get(t, "slow").DeepCopy() // the sharder labelled it, which is no renewal
			silent.Spec = current[0].Spec
		}
	}
	g.Expect(s.logged).To(HaveExactElements(ContainSubstring(`"shard"="slow"`)))
}
