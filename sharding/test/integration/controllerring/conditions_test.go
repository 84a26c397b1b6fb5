// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

func request(ctx context.Context) *http.Request {
	return (&http.Request{}).WithContext(ctx)
}

var _ = Describe("The condition Ready", func() {
	It("names a resource that is not served, and heals when it is", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "unserved", "shard-a")
		startSharder(restConfig, "unserved")
		ring := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: "unserved"}}
		ring.Spec.Resources = []shardingv1alpha1.RingResource{mainOf("", "configmaps"), mainOf("zoo.example.com", "cats")}
		createRing(ctx, ring)
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(And(
			HavePrefix("False ResourceNotServed 1/1: cats.zoo.example.com cannot be sharded"), ContainSubstring("CustomResourceDefinition")))
		Eventually(newObject(ctx, configMaps, namespace, "unserved")).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(eventReasons).WithContext(ctx).WithArguments("unserved").Should(ContainElement("ResourceNotServed"))

		_, err := envtest.InstallCRDs(restConfig, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{cats()}, MaxTime: time.Minute})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() {
			Expect(envtest.UninstallCRDs(restConfig, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{cats()}})).To(Succeed())
		})
		cat := newObject(ctx, schema.GroupVersionKind{Group: "zoo.example.com", Version: "v1", Kind: "Cat"}, namespace, "unserved")
		Eventually(cat).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded"))
		Eventually(eventReasons).WithContext(ctx).WithArguments("unserved").Should(ContainElement("Sharded"))

		Expect(envtest.UninstallCRDs(restConfig, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{cats()}})).To(Succeed())
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(And(
			HavePrefix("False ResourceNotServed"), ContainSubstring("zoo.example.com")))
		Eventually(newObject(ctx, configMaps, namespace, "unserved")).WithContext(ctx).Should(Equal("shard-a"))
	}, NodeTimeout(5*time.Minute))

	It("takes no resource of another group for the one that is meant", func(ctx context.Context) {
		startSharder(restConfig, "fuzzy")
		ring := newRing(ctx, "fuzzy", "deployments", "events")
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(And(
			ContainSubstring("deployments cannot be sharded"), Not(ContainSubstring("events cannot be sharded"))))
	})

	It("names a permission that is missing, and heals when it is there", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "forbidden", "shard-a")
		user, err := env.AddUser(envtest.User{Name: "sharder"}, restConfig)
		Expect(err).NotTo(HaveOccurred())
		grant(ctx, "sharder",
			rule("", "configmaps", "get", "list", "watch", "patch"),
			rule("", "serviceaccounts", "get", "list", "watch", "patch"),
			rule("", "namespaces", "get", "list", "watch"),
			rule("coordination.k8s.io", "leases", "*"),
			rule("events.k8s.io", "events", "create", "patch"),
			rule("sharding.timebertt.dev", "controllerrings", "get", "list", "watch", "shard"),
			rule("sharding.timebertt.dev", "controllerrings/status", "update", "patch"),
			rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "*"),
		)
		startSharder(user.Config(), "forbidden")
		ring := newRing(ctx, "forbidden", "configmaps", "secrets", "serviceaccounts")
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(And(
			HavePrefix("False PermissionMissing 1/1: "), ContainSubstring("Secret"),
			ContainSubstring(`cannot list resource "secrets"`), ContainSubstring("sharding.timebertt.dev/aggregate-to-sharder=true")))
		Eventually(newObject(ctx, configMaps, namespace, "forbidden")).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(newObject(ctx, accounts, namespace, "forbidden")).WithContext(ctx).Should(Equal("shard-a"))

		secret := newObject(ctx, secrets, namespace, "forbidden")
		grant(ctx, "sharder-secrets", rule("", "secrets", "get", "list", "watch", "patch"))
		Eventually(secret).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded 1/1"))
	}, NodeTimeout(5*time.Minute))

	It("names two shards of one name, of which the older counts", func(ctx context.Context) {
		older, younger := newNamespace(ctx, nil), newNamespace(ctx, nil)
		newShard(ctx, older, "duplicates", "shard-a")
		startSharder(restConfig, "duplicates")
		ring := newRing(ctx, "duplicates", "configmaps")
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded 1/1"))

		// Times of creation have whole seconds, and only a later one makes the second lease the younger.
		second := time.Now().Truncate(time.Second).Add(time.Second)
		Eventually(time.Now).Should(BeTemporally(">=", second))
		lease := newShard(ctx, younger, "duplicates", "shard-a")
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(Equal("False DuplicateShards 1/1: the lease " + younger +
			"/shard-a is ignored, because the older one in namespace " + older + " has the same name: give one of the shards another name"))
		release(ctx, lease) // one that is deleted while it is held may still have a shard
		Expect(api.Delete(ctx, lease)).To(Succeed())
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded 1/1"))
	})

	It("says that there is no shard, and that none is available", func(ctx context.Context) {
		startSharder(restConfig, "empty")
		ring := newRing(ctx, "empty", "configmaps")
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("False NoShardAvailable 0/0: there is no shard"))
		lease := newShard(ctx, newNamespace(ctx, nil), "empty", "shard-a")
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded 1/1"))
		release(ctx, lease)
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("False NoShardAvailable 0/1: none of the 1 shards"))
	})

	It("says what is odd about the selector of namespaces", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "selector", "shard-a")
		startSharder(restConfig, "selector")
		ring := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: "selector"}}
		ring.Spec.Resources = []shardingv1alpha1.RingResource{mainOf("", "configmaps")}
		ring.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"never": "there"}}
		createRing(ctx, ring)
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(
			Equal("True Sharded 1/1: all resources are sharded; spec.namespaceSelector matches no namespace at present"))
		newNamespace(ctx, map[string]string{"never": "there"})
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(Equal("True Sharded 1/1: all resources are sharded"))

		ring.Spec.NamespaceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Maybe"}}}
		Expect(api.Update(ctx, ring)).To(Succeed())
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(And(
			HavePrefix("False InvalidNamespaceSelector 1/1: spec.namespaceSelector is invalid"), ContainSubstring("Maybe")))
		Consistently(newObject(ctx, configMaps, namespace, "selector")).WithContext(ctx).WithTimeout(300 * time.Millisecond).Should(BeEmpty())
	})

	It("is not written again when nothing has changed", func(ctx context.Context) {
		lease := newShard(ctx, newNamespace(ctx, nil), "idle", "shard-a")
		var mu sync.Mutex // is held while a write is under way, so that none is counted late
		writes := 0
		counted := rest.CopyConfig(restConfig)
		counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(request *http.Request) (*http.Response, error) {
				if request.Method == http.MethodGet || !strings.HasPrefix(request.URL.Path, "/apis/sharding.timebertt.dev/") {
					return next.RoundTrip(request)
				}
				mu.Lock()
				defer mu.Unlock()
				response, err := next.RoundTrip(request)
				if err != nil || response.StatusCode != http.StatusConflict { // what a cache that is behind led to writes nothing
					writes++
				}
				return response, err
			})
		})
		startSharder(counted, "idle")
		ring := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: "idle"}}
		ring.Spec.Resources = []shardingv1alpha1.RingResource{mainOf("", "configmaps")}
		ring.Spec.NamespaceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "never", Operator: "DoesNotExist"}}}
		createRing(ctx, ring)
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded 1/1"))
		written := func() int {
			mu.Lock()
			defer mu.Unlock()
			return writes
		}
		before := written()
		Expect(before).To(BeNumerically(">", 0))
		Consistently(func(g Gomega) int {
			g.Expect(api.Get(ctx, client.ObjectKeyFromObject(lease), lease)).To(Succeed())
			lease.Spec.RenewTime = new(metav1.NewMicroTime(time.Now()))
			if err := api.Update(ctx, lease); !apierrors.IsConflict(err) { // labelled meanwhile
				g.Expect(err).NotTo(HaveOccurred())
			}
			g.Expect(api.Get(ctx, client.ObjectKeyFromObject(ring), ring)).To(Succeed())
			ring.Annotations = map[string]string{"looked-at": time.Now().String()}
			g.Expect(api.Update(ctx, ring)).To(Succeed())
			newNamespace(ctx, nil)
			return written()
		}).WithTimeout(time.Second).Should(Equal(before))
	})
})

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// eventReasons returns the reasons of all events about the ring.
func eventReasons(ctx context.Context, ring string) ([]string, error) {
	list := &eventsv1.EventList{}
	if err := api.List(ctx, list); err != nil {
		return nil, err
	}
	var reasons []string
	for _, event := range list.Items {
		if event.Regarding.Kind == "ControllerRing" && event.Regarding.Name == ring {
			reasons = append(reasons, event.Reason)
		}
	}
	return reasons, nil
}

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

// grant lets the user sharder do what the rules allow, until the test ends.
func grant(ctx context.Context, name string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "sharder"}},
	}
	for _, object := range []client.Object{role, binding} {
		Expect(api.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(api.Delete(ctx, object)).To(Succeed()) })
	}
}

func cats() *apiextensionsv1.CustomResourceDefinition {
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "cats.zoo.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "zoo.example.com", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "cats", Singular: "cat", Kind: "Cat", ListKind: "CatList"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object"}},
			}},
		},
	}
}
