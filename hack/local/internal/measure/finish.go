// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

const finishInterval = 500 * time.Millisecond

// awaitChanges waits until every change is Ready.
func (r *run) awaitChanges(ctx context.Context) error {
	unfinished := func() bool {
		return slices.ContainsFunc(r.tracker.Changes(), func(change Change) bool { return change.Ready.IsZero() })
	}
	return r.poll(ctx, func() (bool, error) { return !unfinished(), nil })
}

// awaitTakeover waits until the new owners of the websites that moved wrote to all of their objects.
func (r *run) awaitTakeover(ctx context.Context) (writes []audit.Write, takeover Takeover, err error) {
	moved := map[string]string{}
	for key, shard := range shardsOf(r.tracker.Sites()) {
		if shard != r.oldShards[key] {
			moved[key] = shard
		}
	}
	err = r.poll(ctx, func() (bool, error) {
		var err error
		if writes, err = r.auditSince(r.begin); err != nil {
			return false, err
		}
		takeover = takeoverOf(writes, moved, r.begin, r.Clock.Now())
		return takeover.Missing == 0, nil
	})
	return writes, takeover, err
}

// awaitRest waits until the operator writes nothing but leases any more: websites are settled before their new owners have
// taken over all of their objects.
func (m *Measurement) awaitRest(ctx context.Context) error {
	return m.poll(ctx, func() (bool, error) {
		writes, err := m.auditSince(m.Clock.Now().Add(-calm))
		busy := slices.ContainsFunc(writes, func(write audit.Write) bool { return write.By != "" && write.Resource != "leases" })
		return !busy, err
	})
}

// poll asks until the answer is yes or the time is up. What did not happen until then is found out by those who count.
func (m *Measurement) poll(ctx context.Context, ask func() (bool, error)) error {
	deadline := m.Clock.Now().Add(m.Timeout)
	for {
		if yes, err := ask(); err != nil || yes {
			return err
		}
		if !m.Clock.Now().Before(deadline) {
			return nil
		}
		if err := m.pause(ctx, finishInterval); err != nil {
			return err
		}
	}
}

// leaseTimes tells when the leases changed hands.
func (r *run) leaseTimes(writes []audit.Write) {
	switch at := leaseWrite(writes, r.outcome.Shard, r.scenario.Event == Leave); {
	case at.IsZero() || r.scenario.Event == Crash:
	default:
		r.outcome.Lease = seconds(at.Sub(r.begin))
	}
	if !r.scenario.Leader {
		return
	}
	if all, err := r.auditSince(time.Time{}); err == nil {
		if at := newLeaderAt(all, r.outcome.Shard, r.begin); !at.IsZero() {
			r.outcome.NewLeader = seconds(at.Sub(r.begin))
		}
	}
}

// leaseWrite returns when the shard wrote its lease successfully for the first, or the last, time; zero if it did not.
func leaseWrite(writes []audit.Write, shard string, last bool) time.Time {
	var at time.Time
	for _, write := range writes {
		own := write.Resource == "leases" && write.By == shard && write.Object == operator.Namespace+"/"+shard
		if !own || write.Code >= http.StatusBadRequest {
			continue
		}
		if at.IsZero() || last {
			at = write.Time
		}
	}
	return at
}

// newLeaderAt returns when a shard other than the old one first held the sharder's lease after the time.
func newLeaderAt(writes []audit.Write, old string, after time.Time) time.Time {
	for i, write := range writes {
		isLease := write.Resource == "leases" && write.Object == operator.Namespace+"/"+operator.Name
		if !isLease || write.Code >= http.StatusBadRequest || !write.Time.After(after) {
			continue
		}
		if shard, _ := leaderOf(writes[:i+1]); shard != old {
			return write.Time
		}
	}
	return time.Time{}
}
