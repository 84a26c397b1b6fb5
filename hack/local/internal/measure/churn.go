// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// churnAtOnce bounds the changes that are under way at the API server. What exceeds it is not made up for later.
const churnAtOnce = 32

// churn changes the themes of random websites at an even rate.
type churn struct {
	client  client.Client
	tracker *Tracker
	clock   clock.WithTicker
	keys    []string
	rate    int
	random  *rand.Rand
	themes  map[string]int

	mutex   sync.Mutex
	skipped int
	failed  error
}

// newChurn returns what makes as many changes a second as the rate says, of websites as they were created. The same seed
// makes the same changes. It remembers the themes from one start to the next.
func newChurn(c client.Client, tracker *Tracker, now clock.WithTicker, keys []string, rate int, seed uint64) *churn {
	current := make(map[string]int, len(keys))
	for i, key := range keys {
		current[key] = i % themes
	}
	return &churn{
		client: c, tracker: tracker, clock: now, keys: keys, rate: rate, themes: current,
		random: rand.New(rand.NewPCG(seed, seed)), //nolint:gosec // it is to be repeatable
	}
}

// start changes websites until the returned function is called, which returns when no change is under way any more.
func (c *churn) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	free := make(chan struct{}, churnAtOnce)
	group.Go(func() {
		ticker := c.clock.NewTicker(time.Second / time.Duration(c.rate))
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C():
			}
			key, theme := c.next()
			select {
			case free <- struct{}{}:
				group.Go(func() {
					defer func() { <-free }()
					// A change that is under way is not broken off, or nobody would know whether it was made.
					c.change(context.WithoutCancel(ctx), key, theme)
				})
			default:
				c.note(nil)
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// next chooses a website, and a theme that it does not have.
func (c *churn) next() (key string, theme int) {
	key = c.keys[c.random.IntN(len(c.keys))]
	theme = (c.themes[key] + 1 + c.random.IntN(themes-1)) % themes
	c.themes[key] = theme
	return key, theme
}

func (c *churn) change(ctx context.Context, key string, theme int) {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"theme": themeName(theme)}})
	if err != nil {
		c.note(err)
		return
	}
	changed := website(key, theme)
	sent := c.clock.Now()
	if err := c.client.Patch(ctx, changed, client.RawPatch(types.MergePatchType, patch)); err != nil {
		c.note(fmt.Errorf("changing the website %s: %w", key, err))
		return
	}
	c.tracker.Expect(Change{Key: key, Generation: changed.GetGeneration(), Sent: sent, Answered: c.clock.Now()})
}

// note counts a change that was not made, for want of room or because of the error.
func (c *churn) note(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.skipped++
	if c.failed == nil {
		c.failed = err
	}
}

// reset forgets what was missed so far.
func (c *churn) reset() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.skipped, c.failed = 0, nil
}

// missed returns how many changes were not made, and why the first of those failed that were tried.
func (c *churn) missed() (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.skipped, c.failed
}
