// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	toolswatch "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

var _ = Describe("Controlled objects", func() {
	const objects = 60

	It("follow their main objects, never before these have been let go", func() {
		r := newTestRing()
		r.unlabelled = true // by the shards
		r.create(objects)
		record := r.record()
		startDedicated(restConfig).lead(r.scope())
		leaver := r.start("shard-a", sharding.ModeShard)
		busy := r.start("shard-b", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b")
		stop := r.churn()

		By("letting shards that are busy, and one that leaves, give objects to one that joins")
		stop()
		r.eventuallySettled("shard-a", "shard-b") // so that one worker hangs, and not all of them on what was changed before
		unlabelled := r.movingFrom("shard-b", "shard-c", "shard-a", "shard-b")
		busy.worker.sleep()
		Expect(r.scale(inContext(), unlabelled, 77)).To(Succeed())
		Eventually(busy.worker.hanging).Should(ContainElement(unlabelled))
		stop = r.churn()
		r.start("shard-c", sharding.ModeShard)
		Eventually(r.draining).Should(ContainElement(unlabelled))
		leaver.leave()
		Expect(r.label(unlabelled, nil)).To(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(r.controlled(g, unlabelled).Labels).To(BeEmpty(), "its main object drains")
		}, "2s").Should(Succeed())
		busy.worker.wake()
		Eventually(func(g Gomega) {
			g.Expect(r.owners(g)).To(And(ContainElement("shard-c"), Not(ContainElement("shard-a"))))
		}).Should(Succeed())

		By("letting a shard crash")
		crashed := r.expiring().start("shard-d", sharding.ModeShard)
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).To(ContainElement("shard-d")) }).Should(Succeed())
		crashed.crash()
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-d")) }).Should(Succeed())
		stop()
		r.eventuallySettled("shard-b", "shard-c")

		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
		Expect(record().expectFollowing()).To(BeNumerically(">", objects))
	})

	It("are left alone if nothing of the ring controls them", func() {
		r := newTestRing()
		r.create(1)
		stranger := &corev1.ConfigMap{}
		stranger.Namespace, stranger.Name = r.namespace, "stranger"
		Expect(apiServer.Create(inContext(), stranger)).To(Succeed())
		startDedicated(restConfig).lead(r.scope())
		r.start("shard-a", sharding.ModeShard)
		r.eventuallySettled("shard-a")
		Expect(apiServer.Get(inContext(), client.ObjectKeyFromObject(stranger), stranger)).To(Succeed())
		Expect(stranger.Labels).To(BeEmpty())
	})
})

// movingFrom returns the name of an object that the one shard of those that there are has to give to the one that joins.
func (r *testRing) movingFrom(shard, joining string, shards ...string) string {
	GinkgoHelper()
	before, after := ring.New(shards...), ring.New(append(shards, joining)...)
	for name := range r.owners(Default) {
		key := "apps/Deployment/" + r.namespace + "/" + name
		if before.Lookup(key) == shard && after.Lookup(key) == joining {
			return name
		}
	}
	Fail("no object moves")
	return ""
}

// controlled returns what the object of that name controls.
func (r *testRing) controlled(g Gomega, name string) *corev1.ConfigMap {
	object := &corev1.ConfigMap{}
	g.Expect(apiServer.Get(context.Background(), client.ObjectKey{Namespace: r.namespace, Name: name}, object)).To(Succeed())
	return object
}

// label gives what the object of that name controls other labels.
func (r *testRing) label(name string, labels map[string]string) error {
	object := r.controlled(Default, name)
	object.Labels = labels
	return apiServer.Update(context.Background(), object)
}

// version is what one version of an object said about its shard.
type version struct {
	at         int // the resource version, which orders the versions of all objects
	name       string
	controlled bool
	shard      string
}

type history []version

// record watches all versions of the ring's objects from now on, until the returned function is called, which returns
// them in order. A watch that the API server ends goes on where it ended, so that no version is missing.
func (r *testRing) record() func() history {
	GinkgoHelper()
	watcher, err := client.NewWithWatch(restConfig, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	var versions history
	var running sync.WaitGroup
	for _, list := range []client.ObjectList{&appsv1.DeploymentList{}, &corev1.ConfigMapList{}} {
		Expect(watcher.List(ctx, list, client.InNamespace(r.namespace))).To(Succeed())
		events, err := toolswatch.NewRetryWatcherWithContext(ctx, list.GetResourceVersion(),
			watchFunc(func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				return watcher.Watch(ctx, list, client.InNamespace(r.namespace), &client.ListOptions{Raw: &options})
			}))
		Expect(err).NotTo(HaveOccurred())
		running.Go(func() {
			for event := range events.ResultChan() {
				object, ok := event.Object.(client.Object)
				if !ok || event.Type == watch.Deleted {
					continue
				}
				at, _ := strconv.Atoi(object.GetResourceVersion())
				_, controlled := object.(*corev1.ConfigMap)
				mu.Lock()
				versions = append(versions, version{
					at: at, name: object.GetName(), controlled: controlled,
					shard: object.GetLabels()["shard.alpha.sharding.timebertt.dev/"+r.Name],
				})
				mu.Unlock()
			}
		})
	}
	stop := sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	DeferCleanup(stop)
	seen := func(at string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.ContainsFunc(versions, func(v version) bool { return strconv.Itoa(v.at) == at })
	}
	return func() history {
		for _, deployment := range r.deployments(Default) { // which may be seen later than what they control
			Eventually(seen).WithArguments(deployment.ResourceVersion).Should(BeTrue())
		}
		stop()
		slices.SortFunc(versions, func(a, b version) int { return cmp.Compare(a.at, b.at) })
		return versions
	}
}

type watchFunc func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)

func (w watchFunc) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	return w(ctx, options)
}

// expectFollowing expects that a controlled object is given a shard only when its main object has been given it before. It
// returns how often a controlled object was given one.
func (h history) expectFollowing() (followed int) {
	GinkgoHelper()
	type owner struct{ name, shard string }
	owned := map[owner]bool{}
	controlled := map[string]string{}
	for _, v := range h {
		if !v.controlled {
			owned[owner{v.name, v.shard}] = true
			continue
		}
		if v.shard != controlled[v.name] && v.shard != "" {
			Expect(owned).To(HaveKey(owner{v.name, v.shard}), "what %s controls was given to %s before it was itself", v.name, v.shard)
			followed++
		}
		controlled[v.name] = v.shard
	}
	return followed
}
