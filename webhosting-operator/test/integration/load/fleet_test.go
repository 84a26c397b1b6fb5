// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/experiment"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// toyFleet notes what is done to it. Only Scale does something: it shares the websites out.
type toyFleet struct {
	mutex   sync.Mutex
	calls   []string
	shards  int
	failure error
}

func (f *toyFleet) note(format string, arguments ...any) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, arguments...))
	return f.failure
}

func (f *toyFleet) Shards(context.Context) ([]string, error) {
	return []string{"shard-0", "shard-1", "shard-2"}[:f.shards], nil
}

func (f *toyFleet) Kill(_ context.Context, shard string) error { return f.note("kill %s", shard) }
func (f *toyFleet) Restore(context.Context) error              { return f.note("restore") }
func (f *toyFleet) Restart(context.Context) error              { return f.note("restart") }

func (f *toyFleet) Scale(ctx context.Context, shards int) error {
	websites := &v1alpha1.WebsiteList{}
	if err := admin.List(ctx, websites); err != nil {
		return err
	}
	for i, website := range websites.Items {
		before := website.DeepCopy()
		metav1.SetMetaDataLabel(&website.ObjectMeta, shardLabel, fmt.Sprintf("shard-%d", i%shards))
		if err := admin.Patch(ctx, &website, client.MergeFrom(before)); err != nil {
			return err
		}
	}
	return f.note("scale %d", shards)
}

// toyQueues are those of an operator that is at work for a while whenever the number of shards has changed.
type toyQueues struct {
	failure error
	left    []float64
	asked   int
}

func (q *toyQueues) Check(context.Context) error { return q.failure }

func (q *toyQueues) P99(_ context.Context, _ time.Time, window time.Duration) (float64, error) {
	return window.Seconds() / 10, nil
}

func (q *toyQueues) Reconciles(context.Context, time.Duration) (float64, error) {
	q.asked++
	return q.left[(q.asked-1)%len(q.left)], nil
}

var _ = Describe("experiment with a hand on the shards", Serial, func() {
	var (
		fleet  *toyFleet
		queues *toyQueues
		folder string
	)

	BeforeEach(func() {
		fleet, queues = &toyFleet{shards: 3}, &toyQueues{left: []float64{20, 0}}
		folder = filepath.Join(GinkgoT().TempDir(), "results")
	})

	run := func(ctx context.Context, name string, set ...string) (result.Result, error) {
		GinkgoHelper()
		s, err := scenario.Named(name)
		Expect(err).NotTo(HaveOccurred())
		settings, err := s.Settings(0.001, append(set, "websites=12", "projects=2", "themes=2"))
		Expect(err).NotTo(HaveOccurred())
		plan, err := s.Plan(settings)
		Expect(err).NotTo(HaveOccurred())
		return experiment.Run(ctx, experiment.Options{
			Config: restConfig, Scheme: scheme, Clock: clock.RealClock{},
			Scenario: s, Settings: settings, Plan: plan, Scale: 0.001, Seed: 1,
			Fleet: fleet, Queues: queues, Ring: "webhosting-operator", Folder: folder, Interval: 200 * time.Millisecond,
			SetupTimeout: time.Minute, CleanupTimeout: time.Minute,
			Display: progress.New(GinkgoWriter, false, clock.RealClock{}),
		})
	}

	It("kills shards and restores them", func(ctx context.Context) {
		r, err := run(ctx, "chaos", "steady=300ms", "chaos=5s", "killEvery=1s", "downFor=300ms", "changeEvery=2s", "changeMax=5")
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Reasons).NotTo(ContainElement(ContainSubstring("failed (")), "all that was done to shards went well")
		Expect(len(fleet.calls)).To(BeNumerically(">=", 4), "%v", fleet.calls)
		Expect(r.Disruptions).To(HaveLen(len(fleet.calls)))
		for i := 0; i < len(fleet.calls); i += 2 {
			Expect(fleet.calls[i : i+2]).To(HaveExactElements(HavePrefix("kill shard-"), Equal("restore")))
			Expect(r.Disruptions[i+1].Begin.Sub(r.Disruptions[i].End)).To(BeNumerically(">=", 300*time.Millisecond))
		}
		Expect(r.Phases).To(HaveExactElements(HaveField("Name", "steady"), HaveField("Name", "chaos"), HaveField("Name", "after")))
		chaos := r.Phases[1]
		Expect(r.Disruptions[len(r.Disruptions)-1].End).To(BeTemporally("<=", chaos.End), "a phase waits for the last shard to be restored")
		Expect(r.Latencies[result.CreateToReady].Count).To(BeZero(), "what was there before is no load")
		expectNothingLeft(ctx)
	})

	It("restarts all shards", func(ctx context.Context) {
		r, err := run(ctx, "rolling-update", "steady=300ms", "update=1s", "changeEvery=2s", "changeMax=5")
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Reasons).NotTo(ContainElement(ContainSubstring("failed (")))
		Expect(fleet.calls).To(HaveExactElements("restart"))
	})

	It("does not call a run valid in which shards could not be killed", func(ctx context.Context) {
		fleet.failure = errors.New("out of reach")
		r, err := run(ctx, "chaos", "steady=300ms", "chaos=1s", "killEvery=5s", "downFor=100ms")
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Valid).To(BeFalse())
		Expect(r.Reasons).To(ContainElement(And(ContainSubstring("kill shard-"), ContainSubstring("out of reach"))))
		Expect(result.Read(folder)).To(HaveField("Valid", false))
	})

	It("restores the shards when it is broken off", func(parent context.Context) {
		ctx, cancel := context.WithCancel(parent)
		defer cancel()
		type outcome struct {
			result.Result
			error
		}
		done := make(chan outcome, 1)
		go func() {
			defer GinkgoRecover()
			r, err := run(ctx, "chaos", "steady=100ms", "chaos=1h", "killEvery=1h", "downFor=1h")
			done <- outcome{r, err}
		}()
		Eventually(func() []string {
			fleet.mutex.Lock()
			defer fleet.mutex.Unlock()
			return fleet.calls
		}).Should(HaveLen(1))
		cancel()
		var o outcome
		Eventually(done).Should(Receive(&o))
		Expect(o.error).To(MatchError(context.Canceled))
		Expect(o.Valid).To(BeFalse())
		Expect(fleet.calls).To(HaveExactElements(HavePrefix("kill shard-"), "restore"))
		expectNothingLeft(parent)
	})

	It("needs shards", func(ctx context.Context) {
		fleet.shards = 1
		_, err := run(ctx, "chaos")
		Expect(err).To(MatchError(ContainSubstring("needs at least 2 shards that run, and there are 1")))
		expectNothingLeft(ctx)
	})

	It("searches for no capacity if nobody knows about the queues", func(ctx context.Context) {
		queues.failure = errors.New("no Prometheus")
		_, err := run(ctx, "scale-out")
		Expect(err).To(MatchError("no Prometheus"))
		Expect(fleet.calls).To(BeEmpty())
		expectNothingLeft(ctx)
	})

	// What is borne depends on how busy this machine is; that the search ends where it should is shown by unit tests.
	It("searches for the capacity of one shard, of two, and so on", func(ctx context.Context) {
		r, err := run(ctx, "scale-out", "shards=2", "quiet=100ms", "settle=300ms", "window=1s", "start=10", "limit=20", "growth=2")
		Expect(err).NotTo(HaveOccurred())
		Expect(fleet.calls).To(HaveExactElements("scale 1", "scale 2", "scale 3"), "in the end as many as in the beginning")
		Expect(queues.asked).To(Equal(4), "until nothing is left to do, for each number of shards")
		Expect(r.Capacity).To(HaveLen(2))
		Expect(r.Capacity[0].Steps[0].ChangesPerSecond).To(Equal(10.0))
		for i, c := range r.Capacity {
			Expect(c.Shards).To(Equal(i + 1))
			most := 0.0
			for _, step := range c.Steps {
				Expect(step.Holds).To(Equal(step.Reason == ""))
				Expect(step.QueueP99).To(BeNumerically(">=", 0.1), "it is about the window")
				if step.Holds {
					most = max(most, step.ChangesPerSecond)
				}
			}
			Expect(c.ChangesPerSecond).To(Equal(most))
		}
		Expect(r.Valid).To(Equal(len(r.Reasons) == 0))
		expectNothingLeft(ctx)
	})
})
