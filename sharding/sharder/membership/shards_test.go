// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

// tracked is the shards of a ring, and what the cache holds.
type tracked struct {
	*Shards
	clock  *clocktesting.FakeClock
	cached leaseList
	told   []Change
}

const (
	stateLabel  = "alpha.sharding.timebertt.dev/state"
	fencedUntil = "alpha.sharding.timebertt.dev/fenced-until"
)

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
	s := &tracked{clock: clocktesting.NewFakeClock(testring.Begin)}
	s.Shards = newShards("my-ring", s.clock, NewContact(s.clock), &s.cached)
	t.Cleanup(s.Follow(func(c Change) { s.told = append(s.told, c) }))
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

// at looks so long after the beginning, in contact with the API server. It returns how long it takes until there is
// something to do though no lease changed, or 0.
func (s *tracked) at(t *testing.T, after time.Duration) (time.Duration, error) {
	t.Helper()
	now := testring.Begin.Add(after)
	s.contact.last.Store(&now)
	return s.lookAt(now)
}

func (s *tracked) lookAt(now time.Time) (time.Duration, error) {
	s.clock.SetTime(now)
	next, err := s.look()
	if err != nil || next.IsZero() {
		return 0, err
	}
	return next.Sub(now), nil
}

func TestShardsFollowsTheLifeOfAShard(t *testing.T) {
	g := NewWithT(t)
	a, b, c := testring.HeldLease("a"), testring.HeldLease("b"), testring.HeldLease("c")
	s := track(t, a, b, c)

	g.Expect(s.at(t, 0)).To(Equal(15 * time.Second))
	g.Expect(s.Membership().Available()).To(Equal([]string{"a", "b", "c"}))
	g.Expect(s.told).To(HaveExactElements(Change{Joined: []string{"a", "b", "c"}}))

	renewed := metav1.NewMicroTime(testring.Begin.Add(14 * time.Second))
	for _, lives := range []*coordinationv1.Lease{b, c} {
		lives.Spec.RenewTime, lives.ResourceVersion = &renewed, "8"
	}
	s.see(a, b, c)
	g.Expect(s.at(t, 15*time.Second)).To(Equal(time.Second), "it alone went silent")
	g.Expect(s.Membership().State("a")).To(Equal(lease.Expired))

	a.Labels[stateLabel] = "expired"
	s.see(a, b, c)
	g.Expect(s.at(t, 16*time.Second)).To(Equal(14 * time.Second))
	g.Expect(s.Membership().State("a")).To(Equal(lease.Uncertain))
	g.Expect(s.Membership().Available()).To(ContainElement("a"), "until it is known to have been acquired")
	g.Expect(s.Observed()).To(ContainElement(And(HaveField("State", lease.Uncertain), HaveField("Lease", a), HaveField("Deleted", false))))

	taken := metav1.NewMicroTime(testring.Begin.Add(16 * time.Second))
	a.Spec.HolderIdentity, a.Spec.LeaseDurationSeconds = new("shardlease-controller"), new(int32(30))
	a.Spec.AcquireTime, a.Spec.RenewTime = &taken, &taken
	s.see(a, b, c)
	_, err := s.at(t, 16*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Membership().State("a")).To(Equal(lease.Dead))
	g.Expect(s.told[1:]).To(HaveExactElements(Change{Left: []string{"a"}}))

	_, err = s.at(t, 76*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Membership().State("a")).To(Equal(lease.Orphaned))
}

func TestShardsIsCalmWithoutContact(t *testing.T) {
	g := NewWithT(t)
	a, b, c := testring.HeldLease("a"), testring.HeldLease("b"), testring.HeldLease("c")
	s := track(t, a, b, c)
	now := testring.Begin.Add(15 * time.Second)
	renewed := metav1.NewMicroTime(now)
	b.Spec.RenewTime, c.Spec.RenewTime = &renewed, &renewed
	s.see(a, b, c)
	last := now.Add(-lease.ContactLost - 1)
	s.contact.last.Store(&last)
	g.Expect(s.lookAt(now)).To(Equal(15 * time.Second))
}

func TestShardsWithoutLeases(t *testing.T) {
	g := NewWithT(t)
	s := track(t)
	g.Expect(s.at(t, 0)).To(BeZero())
	g.Expect(s.Membership().Available()).To(BeEmpty())
	g.Expect(s.told).To(BeEmpty())
	g.Expect(s.Synced()).To(BeTrue())
}

func TestShardsWaitsForAShardWhoseLeaseIsDeleted(t *testing.T) {
	fenced := testring.HeldLease("a")
	fenced.Spec.HolderIdentity = new("shardlease-controller")
	fenced.Labels[stateLabel] = "fenced"
	fenced.Annotations = map[string]string{fencedUntil: testring.Begin.Add(15 * time.Second).Format(time.RFC3339Nano)}
	released := testring.HeldLease("a")
	released.Spec.HolderIdentity = new("")
	released.Labels[stateLabel] = "dead"

	for title, test := range map[string]struct {
		lease *coordinationv1.Lease
		waits bool
	}{
		"while it held it":    {lease: testring.HeldLease("a"), waits: true},
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
				g.Expect(s.Membership().Known()).To(BeEmpty())
				return
			}
			g.Expect(s.at(t, 5*time.Second)).To(Equal(10 * time.Second))
			g.Expect(s.Membership().State("a")).To(Equal(lease.Fenced))
			g.Expect(s.Observed()).To(HaveExactElements(HaveField("Deleted", true)))
			g.Expect(s.at(t, 15*time.Second)).To(BeZero())
			g.Expect(s.Membership().Known()).To(BeEmpty())
			g.Expect(s.told[len(s.told)-1].Left).To(Equal([]string{"a"}))
		})
	}
}

func TestShardsSeesALeaseThatIsCreatedAgain(t *testing.T) {
	g := NewWithT(t)
	s := track(t, testring.HeldLease("a"))
	for _, see := range [][]*coordinationv1.Lease{{testring.HeldLease("a")}, {}, {testring.HeldLease("a")}} {
		s.see(see...)
		_, err := s.at(t, time.Second)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(s.Membership().State("a")).To(Equal(lease.Ready))
}

func TestShardsCountsBrokenLeasesFromWhenItSawThem(t *testing.T) {
	g := NewWithT(t)
	future := testring.HeldLease("future")
	renewed := metav1.NewMicroTime(testring.Begin.Add(time.Hour))
	future.Spec.RenewTime = &renewed
	s := track(t, future, testring.BareLease("bare"))
	g.Expect(s.at(t, 0)).To(Equal(5*time.Second), "it may be about to renew")
	g.Expect(s.Membership().State("bare")).To(Equal(lease.Expired))
	g.Expect(s.at(t, 5*time.Second)).NotTo(BeZero())
	g.Expect(s.Membership().State("future")).To(Equal(lease.Ready))
	g.Expect(s.at(t, 15*time.Second)).NotTo(BeZero())
	g.Expect(s.Membership().State("future")).NotTo(Equal(lease.Ready), "its clock must not keep it alive")
}

func TestShardsReturnErrorsOfTheCache(t *testing.T) {
	g := NewWithT(t)
	unavailable := errors.New("service unavailable")
	s := track(t, testring.HeldLease("a"))
	s.cached.err = unavailable
	_, err := s.at(t, 0)
	g.Expect(err).To(MatchError(unavailable))
	g.Expect(s.Membership().Available()).To(BeEmpty())
}

func TestShardsIgnoreTheYoungerLeaseOfOneName(t *testing.T) {
	g := NewWithT(t)
	older, younger := testring.HeldLease("a"), testring.HeldLease("a")
	older.Namespace, older.CreationTimestamp = "z-older", metav1.NewTime(testring.Begin.Add(-time.Hour))
	younger.Namespace, younger.CreationTimestamp = "a-younger", metav1.NewTime(testring.Begin.Add(-time.Minute))
	*older.Spec.HolderIdentity = ""
	s := track(t, younger, older)
	_, err := s.at(t, 0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Membership().State("a")).To(Equal(lease.Dead), "the older one counts")
	g.Expect(s.Duplicates()).To(Equal([]Duplicate{{Shard: "a", Namespace: "z-older", Ignored: "a-younger"}}))
	g.Expect(s.Observed()).To(HaveExactElements(HaveField("Lease.Namespace", "z-older")), "nobody acts on the other one")
	name, known := s.LeaseOf("a")
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
		l := testring.HeldLease(name)
		renewed := metav1.NewMicroTime(testring.Begin.Add(at - behind))
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
			silent.Labels[stateLabel] = "expired" // the sharder labelled it, which is no renewal
		}
	}
}

// An API server may ask a replica that the API server itself cannot be heard by, and nobody tells that replica which
// shards are gone by now.
func TestNoShardIsAvailableWithoutContact(t *testing.T) {
	g := NewWithT(t)
	long := testring.HeldLease("long")
	long.Spec.LeaseDurationSeconds = new(int32(3600))
	s := track(t, testring.HeldLease("a"), long)
	_, err := s.at(t, 0)
	g.Expect(err).NotTo(HaveOccurred())
	for after, available := range map[time.Duration]int{
		0: 2, 15 * time.Second: 2, 15*time.Second + 1: 0, time.Hour: 0,
	} {
		s.clock.SetTime(testring.Begin.Add(after))
		g.Expect(s.MembershipInContact().Available()).To(HaveLen(available), "after %s", after)
	}
	g.Expect(s.Membership().Available()).To(HaveLen(2), "what is decided by those who write is refused where it is wrong")

	now := testring.Begin.Add(time.Hour)
	s.contact.last.Store(&now)
	g.Expect(s.MembershipInContact()).To(BeIdenticalTo(s.Membership()))
}

func TestLeasesOfImpossibleNamesAreIgnored(t *testing.T) {
	g := NewWithT(t)
	s := track(t, testring.HeldLease("shardlease-controller"), testring.HeldLease(strings.Repeat("a", 64)), testring.HeldLease(strings.Repeat("b", 63)))
	_, err := s.at(t, 0)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Membership().Known()).To(HaveExactElements(strings.Repeat("b", 63)))
	g.Expect(s.Misnamed()).To(HaveExactElements(HaveField("Name", strings.Repeat("a", 64)), HaveField("Name", "shardlease-controller")))
	g.Expect(s.Observed()).To(HaveLen(1), "nobody writes to them")

	s.see()
	_, err = s.at(t, 15*time.Second) // until then they may be held
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Misnamed()).To(BeEmpty())
}

// Who held a lease that was deleted may not have noticed, and the next process of its name may have made it again at once.
func TestAShardIsContestedUntilTheOtherMustHaveNoticed(t *testing.T) {
	for title, seenDeleted := range map[string]bool{"its deletion was seen": true, "only the new one was seen": false} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			first, other := testring.HeldLease("a"), testring.HeldLease("b")
			s := track(t, first, other)
			_, err := s.at(t, 0)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(s.Observed()).To(HaveEach(HaveField("Contested", false)))
			if seenDeleted {
				s.see(other)
				_, err = s.at(t, 2*time.Second)
				g.Expect(err).NotTo(HaveOccurred())
			}

			second := testring.HeldLease("a")
			renewed := metav1.NewMicroTime(testring.Begin.Add(3 * time.Second))
			second.UID, second.Spec.RenewTime, second.Spec.AcquireTime = "another", &renewed, &renewed
			s.see(second, other)
			g.Expect(s.at(t, 3*time.Second)).To(Equal(12*time.Second), "then the first lease would have expired")
			g.Expect(s.Observed()).To(HaveExactElements(
				And(HaveField("Name", "a"), HaveField("State", lease.Ready), HaveField("Contested", true)), HaveField("Contested", false)))
			g.Expect(s.Membership().Available()).To(ContainElement("a"))

			_, err = s.at(t, 15*time.Second-1)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(s.Observed()).To(ContainElement(HaveField("Contested", true)))
			_, err = s.at(t, 15*time.Second)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(s.Observed()).To(HaveEach(HaveField("Contested", false)))
		})
	}
}

func TestAShardWhoseLeaseWasReleasedAndDeletedIsNotContested(t *testing.T) {
	g := NewWithT(t)
	released := testring.HeldLease("a")
	released.Spec.HolderIdentity = new("")
	s := track(t, released)
	_, err := s.at(t, 0)
	g.Expect(err).NotTo(HaveOccurred())
	second := testring.HeldLease("a")
	second.UID = "another"
	s.see(second)
	_, err = s.at(t, time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Observed()).To(HaveExactElements(HaveField("Contested", false)))
}
