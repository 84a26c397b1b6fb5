// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"time"
)

// Goal is a condition that a set of websites shall fulfil, each on its own.
type Goal struct {
	tracker *Tracker
	met     func(Site) bool
	sticky  bool
	total   int
	// open are the websites that do not fulfil it.
	open map[string]bool
	// reached is when the last of them did; zero while any is open.
	reached time.Time
	signal  chan struct{}
}

// Watch returns a goal about the websites of these keys, whether they exist yet or not. A sticky goal stays fulfilled
// for a website that fulfilled it once. Close must be called in the end.
func (t *Tracker) Watch(keys []string, sticky bool, now time.Time, met func(Site) bool) *Goal {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	goal := &Goal{tracker: t, met: met, sticky: sticky, total: len(keys), open: map[string]bool{}, signal: make(chan struct{}, 1)}
	for _, key := range keys {
		if r := t.records[key]; r == nil || !met(r.Site) {
			goal.open[key] = true
		}
	}
	if len(goal.open) == 0 {
		goal.reached = now
	}
	t.goals[goal] = struct{}{}
	return goal
}

// observe runs under the tracker's lock.
func (g *Goal) observe(site Site, at time.Time) {
	if g.met(site) {
		wasOpen := g.open[site.Key]
		delete(g.open, site.Key)
		if wasOpen && len(g.open) == 0 {
			g.reached = at
			select {
			case g.signal <- struct{}{}:
			default:
			}
		}
		return
	}
	if !g.sticky {
		g.open[site.Key] = true
		g.reached = time.Time{}
	}
}

// State returns when the goal was last reached, which is zero if it is not reached, and how many websites are open.
func (g *Goal) State() (reached time.Time, open int) {
	g.tracker.mutex.Lock()
	defer g.tracker.mutex.Unlock()
	return g.reached, len(g.open)
}

// Close ends the goal.
func (g *Goal) Close() {
	g.tracker.mutex.Lock()
	defer g.tracker.mutex.Unlock()
	delete(g.tracker.goals, g)
}

// heartbeat is how often somebody who waits tells how far it is.
const heartbeat = 3 * time.Second

// await waits until the goal is reached, and returns false if that does not happen within the timeout.
func (m *Measurement) await(ctx context.Context, goal *Goal, what string) (bool, error) {
	timeout := m.Clock.NewTimer(m.Timeout)
	defer timeout.Stop()
	ticker := m.Clock.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		if reached, _ := goal.State(); !reached.IsZero() {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("waiting until the websites are %s: %w", what, ctx.Err())
		case <-goal.signal:
		case <-timeout.C():
			_, open := goal.State()
			m.say("    NOT %s within %s: %d of %d websites", what, m.Timeout, open, goal.total)
			return false, nil
		case <-ticker.C():
			_, open := goal.State()
			m.say("    %d of %d websites are %s", goal.total-open, goal.total, what)
		}
	}
}
