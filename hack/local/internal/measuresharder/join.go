// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/measure"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// calm is how long it is looked for what comes late.
const calm = 3 * time.Second

const sharderUser = "system:serviceaccount:" + sharder.Namespace + ":" + sharder.Name

// Join is what happened when a shard joined a ring of ConfigMaps.
type Join struct {
	Objects int `json:"objects"`
	// Settled is when every object was with its right shard, in seconds since the request that made the new shard's lease;
	// nil if that did not happen in time.
	Settled *float64 `json:"settledSeconds"`
	// Moved are the objects that have another shard than before, Minimum those that must have one by the ring, and Ideal
	// their number if all shards had the same.
	Moved   int     `json:"moved"`
	Minimum int     `json:"minimum"`
	Ideal   float64 `json:"ideal"`
	// SharderWrites are the sharder's requests to write to the objects, Refused those among them that were refused, and
	// ShardWrites the acknowledgements.
	SharderWrites int `json:"sharderWrites"`
	Refused       int `json:"refused"`
	ShardWrites   int `json:"shardWrites"`
	// Requests are all that the instances of the sharder sent to the API server meanwhile, to read, too, and to renew leases.
	Requests int `json:"requests"`
}

func (m *Measurement) join(ctx context.Context, result *Report, _ bringup.Before) error {
	if err := m.within(ctx, func(ctx context.Context) error { return m.sharders.restart(ctx, variant{}) }); err != nil {
		return err
	}
	for _, objects := range m.Joined {
		join, err := m.joinOf(ctx, objects)
		if err != nil {
			return err
		}
		m.say("    %d objects: settled %s, %d moved by %d writes of the sharder", objects, optional(join.Settled), join.Moved, join.SharderWrites)
		result.Joins = append(result.Joins, join)
	}
	return nil
}

// joinOf has a shard join a ring with so many objects.
func (m *Measurement) joinOf(ctx context.Context, objects int) (Join, error) {
	join := Join{Objects: objects, Ideal: float64(objects) / float64(m.Shards+1)}
	holding, end := context.WithCancel(ctx)
	defer end()
	name := fmt.Sprintf("standin-join-%d", objects)
	ring := m.cluster.Ring(name, name)
	keys, shards := standin.Keys(0, objects), ring.Shards(m.Shards+1)
	if err := m.serve(holding, ring, m.Shards); err != nil {
		return join, err
	}
	// The one that joins watches its objects already, as a shard does that warms up its caches first.
	for _, shard := range shards {
		if err := ring.LetGo(holding, shard); err != nil {
			return join, err
		}
	}
	watched, err := ring.Watch(holding)
	if err != nil {
		return join, err
	}
	if _, err := ring.Fill(ctx, keys, 0); err != nil {
		return join, err
	}
	old, right := ring.Owners(keys, shards[:m.Shards]), ring.Owners(keys, shards)
	if _, err := m.settled(ctx, watched, keys, old); err != nil {
		return join, err
	}
	if err := m.pause(ctx, calm); err != nil {
		return join, err
	}

	requests, err := m.requests(ctx)
	if err != nil {
		return join, err
	}
	begin := m.Clock.Now()
	if err := ring.Hold(holding, shards[m.Shards]); err != nil {
		return join, err
	}
	reached, settling := m.settled(ctx, watched, keys, right)
	if err := m.pause(ctx, calm); err != nil {
		return join, err
	}
	if settling == nil {
		join.Settled = new(reached.Sub(begin).Seconds())
	}
	after, err := m.requests(ctx)
	if err != nil {
		return join, err
	}
	join.Requests = after - requests
	for _, site := range watched.Tracker.Sites() {
		if site.Shard != old[site.Key] {
			join.Moved++
		}
	}
	for key, shard := range right {
		if shard != old[key] {
			join.Minimum++
		}
	}
	if join.ShardWrites, err = ring.Acknowledged(); err != nil {
		return join, err
	}
	if join.SharderWrites, join.Refused, err = m.sharderWrites(ring, begin); err != nil {
		return join, err
	}
	end()
	if settling != nil {
		return join, settling
	}
	return join, m.remove(ctx, ring)
}

// settled waits until each object is with its shard and not about to leave it, and returns when that was.
func (m *Measurement) settled(ctx context.Context, watched *standin.Watched, keys []string, right map[string]string) (time.Time, error) {
	goal := watched.Tracker.Watch(keys, false, m.Clock.Now(), func(site measure.Site) bool {
		return site.Shard == right[site.Key] && !site.Draining
	})
	defer goal.Close()
	err := m.within(ctx, func(ctx context.Context) error {
		return m.poll(ctx, "all objects are with their right shard", func() bool {
			reached, _ := goal.State()
			return !reached.IsZero()
		})
	})
	reached, _ := goal.State()
	return reached, err
}

// sharderWrites counts the requests of the sharder to write to the ring's objects since the time.
func (m *Measurement) sharderWrites(ring *standin.Ring, since time.Time) (count, refused int, err error) {
	err = audit.Read(m.Checkout.State("audit.log"), func(write audit.Write) {
		ours := write.User == sharderUser && write.Resource == "configmaps" && strings.HasPrefix(write.Object, ring.Namespace+"/")
		if !ours || write.Time.Before(since) {
			return
		}
		count++
		if write.Code >= http.StatusBadRequest {
			refused++
		}
	})
	return count, refused, err
}

// requests returns how many requests the instances of the sharder have sent to the API server.
func (m *Measurement) requests(ctx context.Context) (int, error) {
	sum := 0
	for _, instance := range sharder.Instances() {
		metrics, err := m.scraper.Metrics(ctx, instance)
		if err != nil {
			return 0, err
		}
		sum += int(metrics.Sum("rest_client_requests_total"))
	}
	return sum, nil
}
