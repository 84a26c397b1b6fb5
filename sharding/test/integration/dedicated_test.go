// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

var (
	deployments = appsv1.SchemeGroupVersion.WithKind("Deployment")
	configMaps  = corev1.SchemeGroupVersion.WithKind("ConfigMap")
)

// dedicated is a sharder that runs by itself, for rings that come and go.
type dedicated struct {
	environment *lead.Environment
	stop        func()
}

// startDedicated runs a sharder with the given access to the API server, until it is stopped or the test ends.
func startDedicated(config *rest.Config) *dedicated {
	GinkgoHelper()
	config = rest.CopyConfig(config)
	config.UserAgent = "test"
	httpClient, err := rest.HTTPClientFor(config)
	Expect(err).NotTo(HaveOccurred())
	mapper, err := apiutil.NewDynamicRESTMapper(config, httpClient)
	Expect(err).NotTo(HaveOccurred())
	environment, err := lead.NewEnvironment(config, mapper, lead.EnvironmentOptions{})
	Expect(err).NotTo(HaveOccurred())
	return &dedicated{environment: environment, stop: inBackground(environment.Start)}
}

// led is a ring that a dedicated sharder leads.
type led struct {
	shards *membership.Shards
	stop   func()

	mu       sync.Mutex
	problems []scope.Problem
}

// lead leads a ring until it is stopped or the test ends.
func (d *dedicated) lead(looked scope.Scope) *led {
	GinkgoHelper()
	l := &led{shards: d.environment.Shards(looked.Ring)}
	stopShards := inBackground(l.shards.Start)
	stopLead := inBackground(func(ctx context.Context) error {
		return lead.Ring(ctx, d.environment, looked, l.shards, lead.Options{
			OnProblems: func(problems []scope.Problem) {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.problems = problems
			},
		})
	})
	l.stop = func() {
		stopLead()
		stopShards()
	}
	return l
}

// kindsWithProblems returns what was reported last.
func (l *led) kindsWithProblems() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	kinds := []string{}
	for _, problem := range l.problems {
		kinds = append(kinds, problem.Kind.Kind)
	}
	return kinds
}

// inBackground runs the function until stop is called or the test ends, and expects it to return nothing but nil.
func inBackground(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		Eventually(ended).Should(Receive(BeNil()))
	})
	DeferCleanup(stop)
	return stop
}

// scope returns the scope of the ring, in which the sharder labels the ConfigMaps, too.
func (r *testRing) scope() scope.Scope {
	return scope.Scope{Ring: r.Name, Resources: []scope.Resource{{Kind: deployments, Controlled: []schema.GroupVersionKind{configMaps}}}}
}

// announce creates the lease of a shard that does nothing else, and lives for an hour.
func (r *testRing) announce(name string) {
	GinkgoHelper()
	now := metav1.NewMicroTime(time.Now())
	Expect(apiServer.Create(inContext(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: r.namespace, Name: name, Labels: map[string]string{"alpha.sharding.timebertt.dev/controllerring": r.Name},
		},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &name, LeaseDurationSeconds: new(int32(3600)), AcquireTime: &now, RenewTime: &now,
		},
	})).To(Succeed())
}

// release empties the holder of a shard's lease.
func (r *testRing) release(name string) {
	GinkgoHelper()
	Eventually(func(g Gomega) { // a sharder may label it meanwhile
		lease := r.lease(name)
		lease.Spec.HolderIdentity = new("")
		g.Expect(apiServer.Update(inContext(), lease)).To(Succeed())
	}).Should(Succeed())
}
