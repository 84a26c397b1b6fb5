// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
)

// kept is the leases of shards that were observed, and their keeper.
type kept struct {
	*Keeper
	leases   *fakeLeases
	observed []membership.Observed
	moved    map[string]bool // the shards of which objects are being moved away
	logged   []string
}

func keep(leases ...*coordinationv1.Lease) *kept {
	k := &kept{leases: newFakeLeases(leases...), moved: map[string]bool{}}
	log := funcr.New(func(_, args string) { k.logged = append(k.logged, args) }, funcr.Options{})
	k.Keeper = NewKeeper(
		func() []membership.Observed { return k.observed }, k.leases.leases(clocktesting.NewFakePassiveClock(later)),
		func(shard string) bool { return !k.moved[shard] }, log,
	)
	return k
}

// see makes the lease one of a shard in the state.
func (k *kept) see(lse *coordinationv1.Lease, state lease.State) {
	k.observed = append(k.observed, membership.Observed{Shard: lease.Shard{Name: lse.Name, State: state}, Lease: lse})
}

// labelled is the lease of a shard that is labelled as being in the state.
func labelled(name, state string) *coordinationv1.Lease {
	lse := testring.HeldLease(name)
	lse.Labels[stateLabel] = state
	return lse
}

func TestKeeperLabelsOnlyChanges(t *testing.T) {
	for _, state := range []lease.State{lease.Ready, lease.Expired, lease.Fenced, lease.Dead} {
		for _, label := range []string{"ready", "expired", "fenced", "dead", ""} {
			t.Run(string(state)+" labelled "+label, func(t *testing.T) {
				g := NewWithT(t)
				k := keep(labelled("a", label))
				k.see(labelled("a", label), state)
				g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
				g.Expect(k.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, string(state)))
				if label == string(state) {
					g.Expect(k.leases.writes()).To(BeEmpty())
				}
				g.Expect(k.leases.get(t, "a").Spec.HolderIdentity).To(HaveValue(Equal("a")))
				g.Expect(k.logged).To(BeEmpty())
			})
		}
	}
}

func TestKeeperTakesTheLeaseOfAShardThatWentSilent(t *testing.T) {
	g := NewWithT(t)
	k := keep(labelled("a", "expired"))
	k.see(labelled("a", "expired"), lease.Uncertain)
	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
	g.Expect(k.leases.get(t, "a")).To(beTaken(30, 4, "dead"))
	g.Expect(k.leases.writes()).To(HaveLen(1), "to acquire it has labelled it, too")
	g.Expect(k.logged).To(HaveExactElements(And(ContainSubstring("Took the lease of a shard that went silent"), ContainSubstring(`"shard"="a"`))))
}

func TestKeeperDeletesTheLeaseOfAnOrphan(t *testing.T) {
	g := NewWithT(t)
	k := keep(labelled("a", "dead"))
	k.see(labelled("a", "dead"), lease.Orphaned)
	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
	g.Expect(k.leases.writes()).To(HaveExactElements(HaveField("GetVerb()", "delete")))
}

func TestKeeperWritesNothingToALeaseThatIsDeleted(t *testing.T) {
	for _, state := range []lease.State{lease.Fenced, lease.Dead, lease.Uncertain, lease.Orphaned} {
		g := NewWithT(t)
		k := keep()
		k.see(labelled("a", "ready"), state)
		k.observed[0].Deleted = true
		g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
		g.Expect(k.leases.Actions()).To(BeEmpty(), "there is nothing to write to")
	}
}

// A shard may come back while its objects are moved away. Once it is called ready, none may be.
func TestKeeperCallsAShardReadyOnlyWhenNoMoveIsUnderWay(t *testing.T) {
	g := NewWithT(t)
	back, other := labelled("a", ""), labelled("c", "") // who acquires a lease empties the state
	k := keep(back, other)
	k.see(back, lease.Ready)
	k.see(other, lease.Ready)
	k.moved["a"] = true

	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{RequeueAfter: 10 * time.Millisecond}))
	g.Expect(k.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, ""))
	g.Expect(k.leases.get(t, "c").Labels).To(HaveKeyWithValue(stateLabel, "ready"), "the others need not wait")

	k.moved["a"], k.observed = false, k.observed[:1]
	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
	g.Expect(k.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, "ready"))
}

func TestKeeperCallsNoShardReadyOfWhichAnotherProcessMayRun(t *testing.T) {
	g := NewWithT(t)
	k := keep(labelled("a", ""))
	k.see(labelled("a", ""), lease.Ready)
	k.observed[0].Contested = true
	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
	g.Expect(k.leases.writes()).To(BeEmpty())

	k.observed[0].Contested = false
	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
	g.Expect(k.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, "ready"))
}

func TestKeeperTakesALeaseOfAnyDuration(t *testing.T) {
	g := NewWithT(t)
	endless := labelled("a", "ready")
	endless.Spec.LeaseDurationSeconds = new(int32(math.MaxInt32))
	k := keep(endless)
	k.see(endless, lease.Uncertain)
	g.Expect(k.Reconcile(t.Context(), allLeases{})).To(Equal(reconcile.Result{}))
	g.Expect(k.leases.get(t, "a").Spec.LeaseDurationSeconds).To(HaveValue(BeEquivalentTo(math.MaxInt32)))
}

func TestKeeperErrors(t *testing.T) {
	unavailable := errors.New("service unavailable")
	lost := coordinationv1.Resource("leases")
	for title, test := range map[string]struct{ refusal, returned error }{
		"conflict":  {refusal: apierrors.NewConflict(lost, "a", unavailable)},
		"not found": {refusal: apierrors.NewNotFound(lost, "a")},
		"other":     {refusal: unavailable, returned: unavailable},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			k := keep(labelled("a", "dead"), labelled("b", "dead"))
			k.see(labelled("a", "dead"), lease.Ready)
			k.see(labelled("b", "dead"), lease.Ready)
			k.leases.PrependReactor("update", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
				refused := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease).Name == "a"
				return refused, nil, test.refusal
			})
			_, err := k.Reconcile(t.Context(), allLeases{})
			if test.returned == nil {
				g.Expect(err).NotTo(HaveOccurred(), "the change is on its way")
			} else {
				g.Expect(err).To(MatchError(ContainSubstring("acting on the lease of shard a in state ready: service unavailable")))
			}
			g.Expect(k.leases.get(t, "b").Labels).To(HaveKeyWithValue(stateLabel, "ready"), "one does not keep another from being labelled")
		})
	}
}
