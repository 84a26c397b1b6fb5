// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drive_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/drive"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/observe"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// cluster remembers what was asked for, and complains about what must not be.
type cluster struct {
	mutex   sync.Mutex
	themes  map[types.NamespacedName]string
	order   []types.NamespacedName
	looks   map[string]v1alpha1.ThemeSpec
	failure error
	// answer is waited for before each answer, if it is there.
	answer chan struct{}
	// asked counts the websites that were asked for.
	asked atomic.Int64
	bad   []string
}

func newCluster() *cluster {
	return &cluster{themes: map[types.NamespacedName]string{}, looks: map[string]v1alpha1.ThemeSpec{}}
}

func (c *cluster) wait(ctx context.Context) error {
	if c.answer != nil {
		select {
		case <-c.answer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.failure
}

func (c *cluster) CreateWebsite(ctx context.Context, website *v1alpha1.Website) (int64, error) {
	c.asked.Add(1)
	if err := c.wait(ctx); err != nil {
		return 0, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	key := types.NamespacedName{Namespace: website.Namespace, Name: website.Name}
	if _, there := c.themes[key]; there {
		c.bad = append(c.bad, fmt.Sprintf("created %s twice", key))
	}
	c.themes[key] = website.Spec.Theme
	return 1, nil
}

func (c *cluster) DeleteWebsite(_ context.Context, key types.NamespacedName) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, there := c.themes[key]; !there {
		c.bad = append(c.bad, fmt.Sprintf("deleted %s, which is not there", key))
	}
	delete(c.themes, key)
	return nil
}

func (c *cluster) ChangeWebsite(_ context.Context, key types.NamespacedName, theme string) (int64, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if before, there := c.themes[key]; !there || before == theme {
		c.bad = append(c.bad, fmt.Sprintf("changed %s from %q to %q", key, before, theme))
	}
	c.themes[key] = theme
	c.order = append(c.order, key)
	return 2, nil
}

func (c *cluster) ChangeTheme(_ context.Context, name string, spec v1alpha1.ThemeSpec) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.looks[name] == spec {
		c.bad = append(c.bad, fmt.Sprintf("theme %s did not change", name))
	}
	c.looks[name] = spec
	return nil
}

// atOnce is how many requests may be under way.
const atOnce = 64

type rates = map[result.Operation]scenario.Rate

// steps is a clock that counts how often somebody has begun to wait for its ticks.
type steps struct {
	*clocktesting.FakeClock
	waits atomic.Int64
}

func (s *steps) NewTicker(d time.Duration) clock.Ticker { return ticker{s.FakeClock.NewTicker(d), s} }

type ticker struct {
	clock.Ticker
	clock *steps
}

func (t ticker) C() <-chan time.Time {
	t.clock.waits.Add(1)
	return t.Ticker.C()
}

// harness is a driver whose time is the test's.
type harness struct {
	*drive.Driver
	cluster *cluster
	ledger  *ledger.Ledger
	clock   *steps
	mutex   sync.Mutex
	changes []observe.Change
}

func newHarness() *harness {
	h := &harness{cluster: newCluster(), ledger: ledger.New(), clock: &steps{FakeClock: clocktesting.NewFakeClock(time.Unix(1_000_000, 0))}}
	h.Driver = drive.New(h.cluster, h.clock, population.Population{GeneratedBy: "test", Seed: 1, Projects: 2, Themes: 3}, h.ledger,
		func(change observe.Change) {
			h.mutex.Lock()
			defer h.mutex.Unlock()
			h.changes = append(h.changes, change)
		})
	return h
}

// run runs the driver, while time goes on in steps, each once the driver has done what was due with the one before.
func (h *harness) run(ctx context.Context, what rates, duration, step time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx, what, duration, func() bool { return false }) }()
	taken := int64(0)
	for {
		select {
		case err := <-done:
			h.Wait()
			return err
		case <-time.After(100 * time.Microsecond):
		}
		// The driver waits once more than there were steps: what is due now has been promised.
		if h.clock.waits.Load() == taken+1 && h.settled() {
			taken++
			h.clock.Step(step)
		}
	}
}

// settled tells whether everything promised has come to its end, or to where it waits for its answer.
func (h *harness) settled() bool {
	for operation, c := range h.ledger.Counts() {
		if h.cluster.answer != nil && operation == result.Create {
			return h.cluster.asked.Load() == int64(min(c.Promised, atOnce))
		}
		if c.Promised != c.Achieved+c.Late+c.Failed {
			return false
		}
	}
	return true
}

func TestEachOperationIsDoneAtItsRate(t *testing.T) {
	g := NewWithT(t)
	h := newHarness()
	g.Expect(h.run(t.Context(), rates{
		result.Create: scenario.Constant(14), result.Delete: scenario.Constant(1),
		result.Change: {To: 100, From: 100, Each: time.Second}, result.ChangeTheme: scenario.Constant(0.5),
	}, 10*time.Second, 10*time.Millisecond)).To(Succeed())

	counts := h.ledger.Counts()
	g.Expect(counts[result.Create]).To(Equal(ledger.Counts{Promised: 140, Achieved: 140}))
	g.Expect(counts[result.ChangeTheme]).To(Equal(ledger.Counts{Promised: 5, Achieved: 5}))
	g.Expect(counts[result.Delete].Promised).To(Equal(10))
	// Each website once a second, while there are 0 to 130, but at most 100 a second.
	g.Expect(counts[result.Change].Achieved).To(BeNumerically("~", 620, 40))
	g.Expect(h.cluster.bad).To(BeEmpty())
	g.Expect(h.Websites()).To(Equal(len(h.cluster.themes)))
	g.Expect(h.changes).To(HaveLen(counts[result.Create].Achieved + counts[result.Change].Achieved))
}

func TestWebsitesAreChangedInTurn(t *testing.T) {
	g := NewWithT(t)
	h := newHarness()
	g.Expect(h.Fill(t.Context(), 20, func() {})).To(Succeed())
	g.Expect(h.ledger.Counts()[result.Create].Promised).To(BeZero(), "filling is no load")
	g.Expect(h.run(t.Context(), rates{result.Change: scenario.Constant(10)}, 4*time.Second, 10*time.Millisecond)).To(Succeed())
	times := map[types.NamespacedName]int{}
	for _, key := range h.cluster.order {
		times[key]++
	}
	g.Expect(times).To(HaveLen(20))
	for key, n := range times {
		g.Expect(n).To(Equal(2), key.String())
	}
}

func TestWhatIsNotAnsweredMakesOthersLate(t *testing.T) {
	g := NewWithT(t)
	h := newHarness()
	h.cluster.answer = make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- h.run(t.Context(), rates{result.Create: scenario.Constant(100)}, 5*time.Second, 10*time.Millisecond)
	}()
	// No more are under way, so all others wait until it is too late for them.
	g.Eventually(func() bool { return h.ledger.Counts()[result.Create].Promised == 500 }, time.Minute).Should(BeTrue())
	close(h.cluster.answer)
	g.Eventually(done, time.Minute).Should(Receive(Succeed()))
	counts := h.ledger.Counts()[result.Create]
	g.Expect(counts.Achieved + counts.Late).To(Equal(500))
	g.Expect(counts.Achieved).To(BeNumerically("~", atOnce+100, 1), "those under way, and those of the last second")
}

func TestAPauseOfTheProgramIsNotMadeUpFor(t *testing.T) {
	g := NewWithT(t)
	h := newHarness()
	g.Expect(h.run(t.Context(), rates{result.Create: scenario.Constant(10)}, 10*time.Second, 5*time.Second)).To(Succeed())
	g.Expect(h.ledger.Counts()[result.Create]).To(Equal(ledger.Counts{Promised: 100, Achieved: 20, Late: 80}))
}

func TestFailuresAreCounted(t *testing.T) {
	g := NewWithT(t)
	h := newHarness()
	h.cluster.failure = errors.New("full")
	g.Expect(h.run(t.Context(), rates{result.Create: scenario.Constant(10)}, time.Second, 10*time.Millisecond)).To(Succeed())
	load := h.ledger.Load()
	g.Expect(load).To(HaveLen(1))
	g.Expect(load[0].Failed).To(Equal(10))
	g.Expect(load[0].Error).To(And(ContainSubstring("creating the website test-"), ContainSubstring("full")))
	g.Expect(h.Websites()).To(BeZero())
}

func TestAnEndedContextEndsTheLoad(t *testing.T) {
	g := NewWithT(t)
	h := newHarness()
	h.cluster.answer = make(chan struct{}) // which never comes
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- h.run(ctx, rates{result.Create: scenario.Constant(10)}, time.Hour, 10*time.Millisecond)
	}()
	g.Eventually(func() int { return h.ledger.Counts()[result.Create].Promised }, time.Minute).Should(BeNumerically(">", 5))
	cancel()
	g.Eventually(done, time.Minute).Should(Receive(MatchError(context.Canceled)))
	g.Expect(h.ledger.Counts()[result.Create].Failed).To(BeZero(), "what was broken off is nobody's failure")
}
