// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package admission_test lets a real API server ask the webhook, with certificates that the webhook's own keeper makes.
package admission_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission/certificate"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

const (
	labelShard = "shard.alpha.sharding.timebertt.dev/example"
	labelDrain = "drain.alpha.sharding.timebertt.dev/example"
)

var (
	restConfig *rest.Config
	apiServer  client.Client
	keeper     *certificate.Keeper
	url        string       // of the webhook's server
	calls      atomic.Int64 // of the webhook's server
	membership atomic.Pointer[plan.Membership]

	secretKey = types.NamespacedName{Namespace: "sharding-system", Name: "sharder-webhook"}
)

func TestAdmission(t *testing.T) {
	SetDefaultEventuallyTimeout(time.Minute) // far more than it takes, even on a busy machine
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RegisterFailHandler(Fail)
	RunSpecs(t, "Admission Integration Suite")
}

var _ = BeforeSuite(func(ctx context.Context) {
	log.SetLogger(GinkgoLogr)
	environment := &envtest.Environment{}
	var err error
	restConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	restConfig.QPS = -1
	apiServer, err = client.New(restConfig, client.Options{})
	Expect(err).NotTo(HaveOccurred())

	namespace := &corev1.Namespace{}
	namespace.Name = secretKey.Namespace
	Expect(apiServer.Create(ctx, namespace)).To(Succeed())
	keeper, err = certificate.NewForConfig(restConfig, certificate.Options{Secret: secretKey, Hosts: []string{"127.0.0.1"}})
	Expect(err).NotTo(HaveOccurred())
	port := freePort(ctx)
	url = "https://127.0.0.1:" + strconv.Itoa(port)
	server := webhook.NewServer(webhook.Options{
		Host: "127.0.0.1", Port: port,
		TLSOpts: []func(*tls.Config){func(config *tls.Config) { config.GetCertificate = keeper.GetCertificate }},
	})
	handler := admission.NewHandler(admission.Only(exampleRing()), GinkgoLogr)
	server.Register(admission.PathPrefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		handler.ServeHTTP(w, r)
	}))
	run(keeper.Start)
	run(server.Start)
	Eventually(keeper.CABundle).ShouldNot(BeEmpty())
	setShards("shard-a", "shard-b", "shard-c")
})

// run runs something until the suite ends.
func run(start func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(ended).Should(Receive(Succeed()))
	})
}

func freePort(ctx context.Context) int {
	GinkgoHelper()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	Expect(err).NotTo(HaveOccurred())
	number, err := strconv.Atoi(port)
	Expect(err).NotTo(HaveOccurred())
	return number
}

// exampleRing has Deployments, which control ConfigMaps, and cluster-scoped PriorityClasses as main objects.
func exampleRing() admission.Ring {
	deployment := admission.Kind{GroupKind: schema.GroupKind{Group: "apps", Kind: "Deployment"}}
	return admission.Ring{
		Name:       "example",
		Membership: membership.Load,
		Main: map[schema.GroupResource]admission.Kind{
			{Group: "apps", Resource: "deployments"}: deployment,
			{Group: "scheduling.k8s.io", Resource: "priorityclasses"}: {
				GroupKind: schema.GroupKind{Group: "scheduling.k8s.io", Kind: "PriorityClass"}, Scope: key.ClusterScoped,
			},
		},
		Controlled: map[schema.GroupResource][]admission.Kind{{Resource: "configmaps"}: {deployment}},
	}
}

// setShards makes these the ring's available shards.
func setShards(names ...string) {
	shards := make([]lease.Shard, 0, len(names))
	for _, name := range names {
		shards = append(shards, lease.Shard{Name: name, State: lease.Ready})
	}
	membership.Store(plan.NewMembership("example", shards))
}

// ownerOf returns the shard that the key belongs to.
func ownerOf(key string) string { return membership.Load().Plan(nil, key).Shard }
