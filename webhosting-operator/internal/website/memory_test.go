// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// memory is an API server and a cache of it in memory. It knows as much of patches as the operator sends, and the cache
// never lags behind. What is to be tested against a real API server is in test/integration/website.
type memory struct {
	informertest.FakeInformers
	t        testing.TB
	objects  map[schema.GroupVersionKind]map[client.ObjectKey]client.Object
	version  int
	requests []string
	// refuse may return an error to answer a request with.
	refuse func(request string) *apierrors.StatusError
}

var kinds = map[string]schema.GroupVersionKind{
	"configmaps":  corev1.SchemeGroupVersion.WithKind("ConfigMap"),
	"services":    corev1.SchemeGroupVersion.WithKind("Service"),
	"deployments": appsv1.SchemeGroupVersion.WithKind("Deployment"),
	"ingresses":   networkingv1.SchemeGroupVersion.WithKind("Ingress"),
	"websites":    v1alpha1.GroupVersion.WithKind("Website"),
	"themes":      v1alpha1.GroupVersion.WithKind("Theme"),
}

// newMemory returns an empty API server and a client like the operator's.
func newMemory(t testing.TB) (*memory, client.Client) {
	g := NewWithT(t)
	m := &memory{t: t, objects: map[schema.GroupVersionKind]map[client.ObjectKey]client.Object{}}
	m.Scheme = runtime.NewScheme()
	g.Expect(clientgoscheme.AddToScheme(m.Scheme)).To(Succeed())
	g.Expect(v1alpha1.AddToScheme(m.Scheme)).To(Succeed())

	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range kinds {
		m.objects[kind] = map[client.ObjectKey]client.Object{}
		mapper.Add(kind, meta.RESTScopeNamespace)
	}
	options := website.ClientOptions()
	options.HTTPClient = &http.Client{Transport: m}
	options.Scheme, options.Mapper = m.Scheme, mapper
	options.Cache.Reader = m
	c, err := client.New(&rest.Config{Host: "http://memory", QPS: -1}, options)
	g.Expect(err).NotTo(HaveOccurred())
	return m, c
}

// Get implements client.Reader for those who do not change what they read.
func (m *memory) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	gvk, err := apiutil.GVKForObject(into, m.Scheme)
	if err != nil {
		return err
	}
	found, ok := m.objects[gvk][key]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{Resource: gvk.Kind}, key.Name)
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(found).Elem())
	return nil
}

// put stores an object and lets the cache see it.
func (m *memory) put(object client.Object) {
	gvk, err := apiutil.GVKForObject(object, m.Scheme)
	NewWithT(m.t).Expect(err).NotTo(HaveOccurred())
	m.version++
	object.SetResourceVersion(strconv.Itoa(m.version))
	m.objects[gvk][client.ObjectKeyFromObject(object)] = object
	informer, err := m.FakeInformerFor(context.Background(), object)
	NewWithT(m.t).Expect(err).NotTo(HaveOccurred())
	informer.Add(object)
}

// RoundTrip implements http.RoundTripper.
func (m *memory) RoundTrip(r *http.Request) (*http.Response, error) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for parts[0] != "namespaces" {
		parts = parts[1:]
	}
	request := r.Method + " " + parts[2]
	if len(parts) > 4 {
		request += "/" + parts[4]
	}
	m.requests = append(m.requests, request)
	if status, refused := m.refusal(request); refused {
		return respond(r, int(status.Code), status), nil
	}

	gvk, key := kinds[parts[2]], client.ObjectKey{Namespace: parts[1], Name: parts[3]}
	object, err := m.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if existing, ok := m.objects[gvk][key]; ok {
		object = existing.DeepCopyObject()
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, object); err != nil {
		return nil, err
	}
	changed := object.(client.Object)
	if changed.GetUID() == "" {
		changed.SetUID(types.UID(request))
		changed.SetGeneration(1)
	}
	m.put(changed)
	return respond(r, http.StatusOK, changed), nil
}

func (m *memory) refusal(request string) (metav1.Status, bool) {
	if m.refuse == nil {
		return metav1.Status{}, false
	}
	err := m.refuse(request)
	if err == nil {
		return metav1.Status{}, false
	}
	status := err.ErrStatus
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	return status, true
}

func respond(r *http.Request, code int, body any) *http.Response {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &http.Response{
		Request: r, StatusCode: code, Body: io.NopCloser(bytes.NewReader(data)),
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

func theme(name string) *v1alpha1.Theme {
	return &v1alpha1.Theme{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1},
		Spec:       v1alpha1.ThemeSpec{Color: "teal", FontFamily: "Helvetica Neue, Arial, sans-serif"},
	}
}

func site(name string, labels map[string]string) *v1alpha1.Website {
	return &v1alpha1.Website{
		ObjectMeta: metav1.ObjectMeta{Namespace: "project", Name: name, UID: "1", Generation: 1, Labels: maps.Clone(labels)},
		Spec:       v1alpha1.WebsiteSpec{Theme: "lucid"},
	}
}
