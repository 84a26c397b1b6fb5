// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"reflect"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

const mine = "shard.alpha.sharding.timebertt.dev/my-ring=shard-1"

// testRing has two main kinds that control one kind in common.
var testRing = sharding.Ring{Name: "my-ring", Kinds: []sharding.Kind{
	{Main: &appsv1.Deployment{}, Controlled: []client.Object{&corev1.ConfigMap{}, &corev1.Service{}}},
	{Main: &appsv1.StatefulSet{}, Controlled: []client.Object{&corev1.ConfigMap{}}},
}}

func newTestShard(t *testing.T) *Shard {
	t.Helper()
	s, err := New(testRing, Options{Name: "shard-1", Namespace: testNamespace})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return s
}

func selector(t *testing.T, text string) labels.Selector {
	t.Helper()
	parsed, err := labels.Parse(text)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return parsed
}

// byType returns what is configured for each type, and fails if anything is configured twice.
func byType(t *testing.T, options cache.Options) map[string]cache.ByObject {
	t.Helper()
	found := map[string]cache.ByObject{}
	for object, config := range options.ByObject {
		name := reflect.TypeOf(object).Elem().Name()
		NewWithT(t).Expect(found).NotTo(HaveKey(name))
		found[name] = config
	}
	return found
}

func TestRestrictCache(t *testing.T) {
	g := NewWithT(t)
	options, err := newTestShard(t).restrictCache(cache.Options{}, nil)
	g.Expect(err).NotTo(HaveOccurred())

	found := byType(t, options)
	g.Expect(found).To(HaveLen(4))
	for _, kind := range []string{"Deployment", "StatefulSet", "ConfigMap", "Service"} {
		g.Expect(found).To(HaveKey(kind))
		g.Expect(found[kind].Label.String()).To(Equal(mine), kind)
		g.Expect(found[kind].Namespaces).To(BeNil(), kind+": that would keep defaults from being applied")
	}
	g.Expect(options.DefaultLabelSelector).To(BeNil(), "other kinds are left alone")
}

func TestRestrictCacheKeepsWhatIsConfigured(t *testing.T) {
	g := NewWithT(t)
	service, theme := &corev1.Service{}, &corev1.Secret{}
	given := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			service: {
				Label: selector(t, "app=a,env!=test"),
				Namespaces: map[string]cache.Config{
					"all":   {},
					"some":  {LabelSelector: selector(t, "app=b")},
					"every": {LabelSelector: labels.Everything()},
					"none":  {LabelSelector: labels.Nothing()},
				},
				Transform: func(object any) (any, error) { return object, nil },
			},
			theme: {Label: selector(t, "theme")},
		},
	}
	options, err := newTestShard(t).restrictCache(given, scheme.Scheme)
	g.Expect(err).NotTo(HaveOccurred())

	found := byType(t, options)
	g.Expect(found).To(HaveLen(5))
	g.Expect(found["Service"].Label.String()).To(Equal("app=a,env!=test," + mine))
	g.Expect(found["Service"].Transform).NotTo(BeNil())
	namespaces := found["Service"].Namespaces
	g.Expect(namespaces).To(HaveLen(4))
	g.Expect(namespaces["all"].LabelSelector).To(BeNil(), "it is defaulted from the kind's")
	g.Expect(namespaces["some"].LabelSelector.String()).To(Equal("app=b," + mine))
	g.Expect(namespaces["every"].LabelSelector.String()).To(Equal(mine))
	g.Expect(namespaces["none"].LabelSelector.Matches(labels.Set{"shard.alpha.sharding.timebertt.dev/my-ring": "shard-1"})).To(BeFalse())
	g.Expect(found["Secret"].Label.String()).To(Equal("theme"), "other kinds are left alone")
	g.Expect(found["Deployment"].Label.String()).To(Equal(mine))

	g.Expect(given.ByObject).To(HaveLen(2), "the caller's options are left alone")
	g.Expect(given.ByObject[service].Label.String()).To(Equal("app=a,env!=test"))
	g.Expect(given.ByObject[service].Namespaces["some"].LabelSelector.String()).To(Equal("app=b"))
}

func TestRestrictCacheAddsTheDefaultSelector(t *testing.T) {
	g := NewWithT(t)
	options, err := newTestShard(t).restrictCache(cache.Options{
		DefaultLabelSelector: selector(t, "app=a"),
		ByObject: map[client.Object]cache.ByObject{
			&appsv1.Deployment{}:  {Label: labels.Everything()},
			&appsv1.StatefulSet{}: {Label: labels.Everything()},
			&corev1.Service{}:     {Label: selector(t, "app=b")},
		},
	}, nil)
	g.Expect(err).NotTo(HaveOccurred())

	found := byType(t, options)
	g.Expect(found["Deployment"].Label.String()).To(Equal(mine))
	g.Expect(found["ConfigMap"].Label.String()).To(Equal("app=a," + mine))
	g.Expect(found["Service"].Label.String()).To(Equal("app=b," + mine))
	g.Expect(options.DefaultLabelSelector.String()).To(Equal("app=a"))
}

func TestRestrictCacheKnowsAKindByWhateverObject(t *testing.T) {
	g := NewWithT(t)
	metadataOnly, anotherVersion := &metav1.PartialObjectMetadata{}, &metav1.PartialObjectMetadata{}
	metadataOnly.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	anotherVersion.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	anotherVersion.APIVersion = "v2"

	options, err := newTestShard(t).restrictCache(cache.Options{
		ByObject: map[client.Object]cache.ByObject{metadataOnly: {}, anotherVersion: {Label: selector(t, "app=a")}},
	}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(options.ByObject).To(HaveLen(5), "no other entry for ConfigMaps")
	g.Expect(options.ByObject[metadataOnly].Label.String()).To(Equal(mine))
	g.Expect(options.ByObject[anotherVersion].Label.String()).To(Equal("app=a," + mine))
}

func TestRestrictCacheStripsManagedFields(t *testing.T) {
	g := NewWithT(t)
	options, err := newTestShard(t).restrictCache(cache.Options{}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a", ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m"}}}}
	g.Expect(options.DefaultTransform(object)).To(HaveField("ManagedFields", BeEmpty()))

	options, err = newTestShard(t).restrictCache(cache.Options{
		DefaultTransform: func(any) (any, error) { return "mine", nil },
	}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(options.DefaultTransform(object)).To(Equal("mine"))
}

func TestRestrictCacheRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		options cache.Options
		types   *runtime.Scheme
		message string
	}{
		"a ring whose kinds the scheme does not know": {types: runtime.NewScheme(), message: `ring "my-ring": no kind is registered for the type v1.Deployment`},
		"an object that the scheme does not know": {
			options: cache.Options{ByObject: map[client.Object]cache.ByObject{&metav1.PartialObjectMetadata{}: {}}}, message: "cache options: ",
		},
		// In the defaulting of controller-runtime it takes precedence over what is set by object.
		"a default selector that would replace the shard's": {
			options: cache.Options{DefaultNamespaces: map[string]cache.Config{"ns": {LabelSelector: labels.Everything()}}},
			message: `the default label selector of namespace "ns" would replace the shard's`,
		},
		"a label selector of a main kind": {
			options: cache.Options{ByObject: map[client.Object]cache.ByObject{&appsv1.StatefulSet{}: {Label: selector(t, "app=a")}}},
			message: `main kind StatefulSet.apps of ring "my-ring" has a label selector, so the shard would not see all objects that are assigned to it`,
		},
		"a default label selector": {
			options: cache.Options{DefaultLabelSelector: selector(t, "app=a")}, message: "Deployment.apps of ring \"my-ring\" has a label selector",
		},
		"a field selector of a main kind": {
			options: cache.Options{ByObject: map[client.Object]cache.ByObject{&appsv1.Deployment{}: {Field: fields.OneTermEqualSelector("metadata.name", "a")}}},
			message: "has a field selector",
		},
		"a default field selector": {
			options: cache.Options{DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", "a")}, message: "has a field selector",
		},
		"namespaces of a main kind": {
			options: cache.Options{ByObject: map[client.Object]cache.ByObject{&appsv1.Deployment{}: {Namespaces: map[string]cache.Config{"ns": {}}}}},
			message: "has a list of namespaces",
		},
		"default namespaces": {
			options: cache.Options{DefaultNamespaces: map[string]cache.Config{"ns": {}}}, message: "has a list of namespaces",
		},
		"a selector in all namespaces": {
			options: cache.Options{ByObject: map[client.Object]cache.ByObject{
				&appsv1.Deployment{}: {Namespaces: map[string]cache.Config{cache.AllNamespaces: {LabelSelector: selector(t, "app=a")}}},
			}},
			message: "has a selector in a namespace",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newTestShard(t).restrictCache(test.options, test.types)
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.message)))
		})
	}
}

func TestRestrictCacheLeavesDefaultNamespacesAlone(t *testing.T) {
	g := NewWithT(t)
	ring := testRing
	ring.Namespaces = &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "ns"}}
	s, err := New(ring, Options{Name: "shard-1", Namespace: testNamespace})
	g.Expect(err).NotTo(HaveOccurred())
	given := map[string]cache.Config{"ns": {}}
	options, err := s.restrictCache(cache.Options{DefaultNamespaces: given}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(options.DefaultNamespaces).To(Equal(map[string]cache.Config{"ns": {}}))
	g.Expect(byType(t, options)["Deployment"].Namespaces).To(BeNil())

	options, err = s.restrictCache(cache.Options{
		DefaultNamespaces: given,
		ByObject:          map[client.Object]cache.ByObject{&corev1.Service{}: {Namespaces: map[string]cache.Config{}}},
	}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(byType(t, options)["Service"].Namespaces).To(And(BeEmpty(), Not(BeNil())), "which means all namespaces")
}
