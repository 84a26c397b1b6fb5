// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package lease_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

var start = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// held is a lease of 15 s that its shard renewed at the given time, while the sharder was watching.
func held(name string, renewed time.Time) lease.Observation {
	return lease.Observation{
		SeenAt: renewed, Arrived: true,
		Lease: &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: coordinationv1.LeaseSpec{
				HolderIdentity:       new(name),
				LeaseDurationSeconds: new(int32(15)),
				AcquireTime:          &metav1.MicroTime{Time: renewed},
				RenewTime:            &metav1.MicroTime{Time: renewed},
			},
		},
	}
}

func with(o lease.Observation, change func(*coordinationv1.Lease)) lease.Observation {
	o.Lease = o.Lease.DeepCopy()
	change(o.Lease)
	return o
}

// found makes the lease one that was there when the sharder first looked, at the given time.
func found(o lease.Observation, at time.Time) lease.Observation {
	o.SeenAt, o.Arrived = at, false
	return o
}

// skewed makes the shard's clock differ from the sharder's.
func skewed(o lease.Observation, by time.Duration) lease.Observation {
	return with(o, func(l *coordinationv1.Lease) {
		l.Spec.RenewTime = &metav1.MicroTime{Time: l.Spec.RenewTime.Add(by)}
	})
}

func deleted(o lease.Observation) lease.Observation {
	o.DeletedHeld = true
	return o
}

// TestTransitions drives a fake clock along the transitions of shard-a's lease: whenever the state is said to change at
// a time, it must not change before, and must at that time.
func TestTransitions(t *testing.T) {
	released := func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = new("") }
	acquired := func(l *coordinationv1.Lease) {
		l.Spec.HolderIdentity = new("shardlease-controller")
		l.Spec.LeaseDurationSeconds = new(int32(30))
	}
	fenced := func(l *coordinationv1.Lease) {
		acquired(l)
		l.Annotations = map[string]string{"alpha.sharding.timebertt.dev/fenced-until": start.Add(15 * time.Second).Format(time.RFC3339Nano)}
	}

	type transition struct {
		after time.Duration
		to    lease.State
	}
	for name, test := range map[string]struct {
		shard       lease.Observation
		others      []lease.Observation
		contactLost bool
		want        []transition
	}{
		"one of three goes silent": {
			shard:  held("shard-a", start),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {16 * time.Second, lease.Uncertain}},
		},
		"one of two goes silent": {
			shard:  held("shard-a", start),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour))},
			want:   []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {16 * time.Second, lease.Uncertain}},
		},
		"the only one goes silent": {
			shard: held("shard-a", start),
			want:  []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {30 * time.Second, lease.Uncertain}},
		},
		"both of two go silent": {
			shard:  held("shard-a", start),
			others: []lease.Observation{held("shard-b", start)},
			want:   []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {30 * time.Second, lease.Uncertain}},
		},
		"two of three go silent": {
			shard:  held("shard-a", start),
			others: []lease.Observation{held("shard-b", start), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {30 * time.Second, lease.Uncertain}},
		},
		"half of four go silent": {
			shard: held("shard-a", start),
			others: []lease.Observation{
				held("shard-b", start), held("shard-c", start.Add(time.Hour)), held("shard-d", start.Add(time.Hour)),
			},
			want: []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {30 * time.Second, lease.Uncertain}},
		},
		"a dead shard is not counted among those that go silent": {
			shard: held("shard-a", start),
			others: []lease.Observation{
				with(held("shard-b", start), acquired), held("shard-c", start.Add(time.Hour)), held("shard-d", start.Add(time.Hour)),
			},
			want: []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {16 * time.Second, lease.Uncertain}},
		},
		"one of three goes silent, but the sharder has no contact": {
			shard:       held("shard-a", start),
			others:      []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			contactLost: true,
			want:        []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {30 * time.Second, lease.Uncertain}},
		},
		"released": {
			shard: with(held("shard-a", start), released),
			want:  []transition{{0, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"released by removing the holder": {
			shard: with(held("shard-a", start), func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = nil }),
			want:  []transition{{0, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"acquired by the sharder": {
			shard: with(held("shard-a", start), acquired),
			want:  []transition{{0, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"held by a stranger": {
			shard: with(held("shard-a", start), func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = new("somebody") }),
			want:  []transition{{0, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"fenced": {
			shard: with(held("shard-a", start), fenced),
			want:  []transition{{0, lease.Fenced}, {15 * time.Second, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"garbage in the fencing annotation": {
			shard: with(held("shard-a", start), func(l *coordinationv1.Lease) {
				acquired(l)
				l.Annotations = map[string]string{"alpha.sharding.timebertt.dev/fenced-until": "tomorrow"}
			}),
			want: []transition{{0, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"deleted while held": {
			shard: deleted(held("shard-a", start)),
			want:  []transition{{0, lease.Fenced}, {15 * time.Second, lease.Dead}},
		},
		"no renew time": {
			shard:  with(held("shard-a", start), func(l *coordinationv1.Lease) { l.Spec.RenewTime = nil }),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Expired}, {time.Second, lease.Uncertain}},
		},
		"no duration": {
			shard: with(held("shard-a", start), func(l *coordinationv1.Lease) { l.Spec.LeaseDurationSeconds = nil }),
			want:  []transition{{0, lease.Expired}, {15 * time.Second, lease.Uncertain}},
		},
		"a negative duration": {
			shard: with(held("shard-a", start), func(l *coordinationv1.Lease) { l.Spec.LeaseDurationSeconds = new(int32(-1)) }),
			want:  []transition{{0, lease.Expired}, {15 * time.Second, lease.Uncertain}},
		},
		"one of three goes silent, with a clock that is behind": {
			shard:  skewed(held("shard-a", start), -time.Hour),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {16 * time.Second, lease.Uncertain}},
		},
		"one of three goes silent, with a clock that is ahead": {
			shard:  skewed(held("shard-a", start), time.Hour),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {16 * time.Second, lease.Uncertain}},
		},
		"found long after it was renewed: the shard is dead, or its clock is behind and it renews soon": {
			shard:  found(held("shard-a", start.Add(-time.Hour)), start),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Expired}, {5 * time.Second, lease.Uncertain}},
		},
		"found shortly after it was renewed: a dead shard is not given a whole duration more": {
			shard:  found(held("shard-a", start.Add(-8*time.Second)), start),
			others: []lease.Observation{held("shard-b", start.Add(time.Hour)), held("shard-c", start.Add(time.Hour))},
			want:   []transition{{0, lease.Ready}, {7 * time.Second, lease.Expired}, {8 * time.Second, lease.Uncertain}},
		},
		"found with a time in the future": {
			shard: found(held("shard-a", start.Add(100*time.Hour)), start),
			want:  []transition{{0, lease.Ready}, {15 * time.Second, lease.Expired}, {30 * time.Second, lease.Uncertain}},
		},
		"fenced by a sharder whose clock is ahead": {
			shard: skewed(with(held("shard-a", start), func(l *coordinationv1.Lease) {
				fenced(l)
				l.Annotations["alpha.sharding.timebertt.dev/fenced-until"] = start.Add(time.Hour + 15*time.Second).Format(time.RFC3339Nano)
			}), time.Hour),
			want: []transition{{0, lease.Fenced}, {15 * time.Second, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
		"found and deleted while held, with a clock that is behind": {
			shard: deleted(found(held("shard-a", start.Add(-14*time.Second)), start)),
			want:  []transition{{0, lease.Fenced}, {15 * time.Second, lease.Dead}},
		},
		"released without a time": {
			shard: with(held("shard-a", start), func(l *coordinationv1.Lease) { l.Spec = coordinationv1.LeaseSpec{} }),
			want:  []transition{{0, lease.Dead}, {time.Minute, lease.Orphaned}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			clock := clocktesting.NewFakePassiveClock(start)
			observations := append([]lease.Observation{test.shard}, test.others...)
			evaluate := func(after time.Duration) lease.Shard {
				clock.SetTime(start.Add(after))
				lastContact := clock.Now()
				if test.contactLost {
					lastContact = lastContact.Add(-6 * time.Second)
				}
				return lease.Evaluate(observations, clock.Now(), lastContact)[0]
			}

			for i, transition := range test.want {
				shard := evaluate(transition.after)
				g.Expect(shard.State).To(Equal(transition.to), "after %s", transition.after)
				if i+1 == len(test.want) {
					g.Expect(shard.Next).To(BeZero())
					g.Expect(evaluate(100*time.Hour).State).To(Equal(transition.to), "for ever")
					continue
				}
				g.Expect(evaluate(test.want[i+1].after-time.Nanosecond).State).To(Equal(transition.to), "just before %s", test.want[i+1].after)
				if shard.State != lease.Ready { // a ready shard's grace is known only when it expires
					g.Expect(shard.Next).To(BeTemporally("==", start.Add(test.want[i+1].after)))
				}
			}
		})
	}
}

func TestRenewalHeals(t *testing.T) {
	g := NewWithT(t)
	now := start.Add(40 * time.Second)
	state := func(renewed time.Time) lease.State {
		return lease.Evaluate([]lease.Observation{held("shard-a", renewed)}, now, now)[0].State
	}
	g.Expect(state(start.Add(20 * time.Second))).To(Equal(lease.Expired))
	g.Expect(state(start)).To(Equal(lease.Uncertain))
	g.Expect(state(now)).To(Equal(lease.Ready))
}

func TestEvaluateSortsByName(t *testing.T) {
	g := NewWithT(t)
	shards := lease.Evaluate([]lease.Observation{held("shard-c", start), held("shard-a", start), held("shard-b", start)}, start, start)
	g.Expect(shards).To(HaveExactElements(HaveField("Name", "shard-a"), HaveField("Name", "shard-b"), HaveField("Name", "shard-c")))
	g.Expect(lease.Evaluate(nil, start, start)).To(BeEmpty())
}

func TestAvailableAndGone(t *testing.T) {
	for state, want := range map[lease.State]struct{ available, gone bool }{
		"ready":     {available: true},
		"expired":   {available: true},
		"uncertain": {available: true},
		"fenced":    {},
		"dead":      {gone: true},
		"orphaned":  {gone: true},
		"":          {gone: true},
	} {
		t.Run(string(state), func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(state.Available()).To(Equal(want.available))
			g.Expect(state.Gone()).To(Equal(want.gone))
		})
	}
}
