// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

const (
	catsPath   = "/webhooks/sharder/controllerring/cats"
	labelShard = "shard.alpha.sharding.timebertt.dev/cats"
	labelDrain = "drain.alpha.sharding.timebertt.dev/cats"
)

func kind(group, kind string, scope key.Scope) admission.Kind {
	return admission.Kind{GroupKind: schema.GroupKind{Group: group, Kind: kind}, Scope: scope}
}

// cats returns the ring of these tests with the given shards. Cats control bowls and houses; breeds are cluster-scoped
// and control bowls, and Namespaces are main objects, too.
func cats(shards map[string]lease.State) admission.Ring {
	members := make([]lease.Shard, 0, len(shards))
	for name, state := range shards {
		members = append(members, lease.Shard{Name: name, State: state})
	}
	membership := plan.NewMembership("cats", members)
	cat, breed := kind("example.com", "Cat", key.Namespaced), kind("example.com", "Breed", key.ClusterScoped)
	return admission.Ring{
		Name:       "cats",
		Membership: func() *plan.Membership { return membership },
		Main: map[schema.GroupResource]admission.Kind{
			{Group: "example.com", Resource: "cats"}:   cat,
			{Group: "example.com", Resource: "breeds"}: breed,
			{Resource: "namespaces"}:                   kind("", "Namespace", key.ClusterScoped),
		},
		Controlled: map[schema.GroupResource][]admission.Kind{
			{Group: "example.com", Resource: "bowls"}: {cat, breed},
			{Resource: "configmaps"}:                  {cat},
		},
	}
}

var threeShards = map[string]lease.State{"a": lease.Ready, "b": lease.Ready, "c": lease.Ready}

// ownerOf returns the shard that the key belongs to, of three.
func ownerOf(key string) string { return cats(threeShards).Membership().Plan(nil, key).Shard }

// question is what the API server asks. The zero value asks about the creation of a Cat.
type question struct {
	operation, group, resource, subresource, namespace, name string
	dryRun                                                   bool
	object                                                   string
}

func (q question) body() string {
	quote := func(s, or string) string {
		if s == "" {
			s = or
		}
		quoted, _ := json.Marshal(s)
		return string(quoted)
	}
	group := q.group
	if q.resource == "" {
		group = "example.com"
	}
	return fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"uid-1",`+
		`"kind":{"group":"any","version":"v1","kind":"Any"},"resource":{"group":%s,"version":"v1","resource":%s},"subResource":%s,`+
		`"name":%s,"namespace":%s,"operation":%s,"userInfo":{"username":"admin"},"object":%s,`+
		`"oldObject":{"metadata":{"name":"old","labels":{"shard.alpha.sharding.timebertt.dev/cats":"old"}}},"dryRun":%t,"options":null}}`,
		quote(group, ""), quote(q.resource, "cats"), quote(q.subresource, ""),
		quote(q.name, ""), quote(q.namespace, ""), quote(q.operation, "CREATE"), q.object, q.dryRun)
}

func post(path, body string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

// ask sends the request to a handler of the ring and returns the answer, which must let the request pass.
func ask(t testing.TB, ring admission.Ring, request *http.Request) *admissionv1.AdmissionResponse {
	t.Helper()
	g := NewWithT(t)
	recorder := httptest.NewRecorder()
	admission.NewHandler(admission.Only(ring), logr.Discard()).ServeHTTP(recorder, request)

	g.Expect(recorder.Code).To(Equal(http.StatusOK))
	g.Expect(recorder.Header().Get("Content-Type")).To(Equal("application/json"))
	body, err := io.ReadAll(recorder.Body)
	g.Expect(err).NotTo(HaveOccurred())
	var review admissionv1.AdmissionReview
	g.Expect(json.Unmarshal(body, &review)).To(Succeed())
	g.Expect(review.TypeMeta).To(Equal(metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}))
	g.Expect(review.Response).NotTo(BeNil())
	g.Expect(review.Response.Allowed).To(BeTrue())
	if review.Response.Patch != nil {
		g.Expect(review.Response.PatchType).To(HaveValue(Equal(admissionv1.PatchTypeJSONPatch)))
	} else {
		g.Expect(review.Response.PatchType).To(BeNil())
	}
	return review.Response
}

// patched applies a patch to an object, as the API server does, and returns the labels that it then has.
func patched(t testing.TB, object, patch []byte) map[string]string {
	t.Helper()
	g := NewWithT(t)
	decoded, err := jsonpatch.DecodePatch(patch)
	g.Expect(err).NotTo(HaveOccurred())
	result, err := decoded.Apply(object)
	g.Expect(err).NotTo(HaveOccurred())
	var metadata metav1.PartialObjectMetadata
	g.Expect(json.Unmarshal(result, &metadata)).To(Succeed())
	return metadata.Labels
}
