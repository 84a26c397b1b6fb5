// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// The fields that a website's objects get from the operator are known best by the API server, which keeps a list of
// them. Each is changed in the ways that the API server lets pass, and removed, and has to come back.
var _ = Describe("A controlled object", func() {
	var (
		namespace string
		operator  *operator
		site      *v1alpha1.Website
	)

	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		operator = startOperator(namespace, patient, func(s *setup) {
			s.reconciler.Ingress.Annotations = map[string]string{"example.com/a": "b"}
			s.reconciler.Ingress.Hosts = []string{"a.example.com", "b.example.com"}
			s.reconciler.Ingress.TLS = ingressTLS
			s.reconciler.Ingress.ClassName = "nginx"
		})
		site = readyWebsite(ctx, namespace, "blog", newTheme(ctx, "drift-").Name)
	})

	DescribeTable("gets back every field that the operator set",
		func(ctx context.Context, kind string, atLeast int, unchangeable ...string) {
			original := readChild(ctx, site, kind)
			fields := ownedFields(original)
			drifted, refused := 0, []string{}

			for _, field := range fields {
				path := field.path.String()
				if strings.HasPrefix(path, ".metadata.ownerReferences") && strings.HasSuffix(path, ".uid") {
					continue // The object would be another website's.
				}
				repaired := func() {
					drifted++
					Eventually(ctx, func(ctx context.Context) []string {
						return differing(fields, readChild(ctx, site, kind))
					}).Should(BeEmpty(), "after a change of %s", path)
				}

				removed := drift(ctx, site, kind, field.path, remove)
				if removed {
					repaired()
				}
				changed := slices.ContainsFunc(otherValues(field.value), func(other any) bool {
					return drift(ctx, site, kind, field.path, func(any) any { return other })
				})
				if changed {
					repaired()
				}
				if !removed && !changed {
					refused = append(refused, path)
				}
			}

			GinkgoWriter.Printf("%s: %d fields, %d changes repaired, no way to change %v\n", kind, len(fields), drifted, refused)
			Expect(drifted).To(BeNumerically(">=", atLeast))
			Expect(refused).To(ConsistOf(unchangeable))
			Expect(operator.errors.count.Load()).To(BeZero())
		},
		Entry("ConfigMap", "ConfigMap", 20),
		Entry("Service", "Service", 28),
		Entry("Ingress", "Ingress", 48,
			// The API server drops what it does not know from these, and needs all that it knows.
			".spec.rules[0].http.paths[0]", ".spec.rules[0].http.paths[0].backend",
			".spec.rules[0].http.paths[0].backend.service", ".spec.rules[0].http.paths[0].backend.service.port",
			".spec.rules[1].http.paths[0]", ".spec.rules[1].http.paths[0].backend",
			".spec.rules[1].http.paths[0].backend.service", ".spec.rules[1].http.paths[0].backend.service.port",
		),
		Entry("Deployment", "Deployment", 100,
			// A selector cannot be changed.
			".spec.selector", ".spec.selector.matchLabels",
			".spec.selector.matchLabels.app.kubernetes.io/instance", ".spec.selector.matchLabels.app.kubernetes.io/name",
			".spec.template.metadata.labels.app.kubernetes.io/instance", ".spec.template.metadata.labels.app.kubernetes.io/name",
			// These have to agree with other fields; see below.
			".spec.strategy.type",
			`.spec.template.spec.containers[name="nginx"].volumeMounts[mountPath="/etc/nginx"].name`,
			`.spec.template.spec.containers[name="nginx"].volumeMounts[mountPath="/tmp"].name`,
			`.spec.template.spec.volumes[name="config"].name`, `.spec.template.spec.volumes[name="tmp"].name`,
		),
	)

	DescribeTable("gets back what others replaced by something that cannot be merged with it",
		func(ctx context.Context, patch string) {
			fields := ownedFields(readChild(ctx, site, "Deployment"))
			Expect(api.Patch(ctx, readChild(ctx, site, "Deployment"), client.RawPatch("application/json-patch+json", []byte(patch)),
				client.FieldOwner("somebody-else"))).To(Succeed())
			Eventually(ctx, func(ctx context.Context) []string {
				return differing(fields, readChild(ctx, site, "Deployment"))
			}).Should(BeEmpty())
			Expect(operator.errors.count.Load()).To(BeZero())
			Expect(status(site)(ctx)).NotTo(HavePrefix("Error"))
		},
		Entry("strategy", `[{"op":"replace","path":"/spec/strategy","value":{"type":"Recreate"}}]`),
		Entry("probe", `[{"op":"replace","path":"/spec/template/spec/containers/0/livenessProbe","value":{"exec":{"command":["true"]}}}]`),
		Entry("volume", `[{"op":"replace","path":"/spec/template/spec/volumes/0","value":{"name":"config","emptyDir":{}}}]`),
		Entry("container", `[{"op":"replace","path":"/spec/template/spec/containers","value":[{"name":"other","image":"other"}]}]`),
	)

	It("comes back after it was deleted", func(ctx context.Context) {
		for _, child := range childrenOf(ctx, site).all() {
			Expect(api.Delete(ctx, child)).To(Succeed())
			Eventually(ctx, func(ctx context.Context) (any, error) {
				now := child.DeepCopyObject().(client.Object)
				err := api.Get(ctx, client.ObjectKeyFromObject(child), now)
				return now.GetUID(), err
			}).ShouldNot(Equal(child.GetUID()), "%T", child)
		}
		childrenOf(ctx, site)
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	})

	It("keeps what others add to it", func(ctx context.Context) {
		c := childrenOf(ctx, site)
		for _, child := range c.all() {
			Expect(api.Patch(ctx, child, client.RawPatch("application/merge-patch+json",
				[]byte(`{"metadata":{"labels":{"team":"a"},"annotations":{"team":"a"}}}`)))).To(Succeed())
		}
		Expect(api.Patch(ctx, c.deployment, client.RawPatch("application/strategic-merge-patch+json",
			[]byte(`{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"sidecar"}]}}}}`)))).To(Succeed())
		operator.reset()
		Consistently(operator.writes).Should(BeEmpty())
	})
})

// drift changes a field in the name of somebody else. It returns false if the API server refuses the change, or if the
// change changes nothing.
func drift(ctx context.Context, site *v1alpha1.Website, kind string, path path, mutate mutation) bool {
	GinkgoHelper()
	for {
		object := readChild(ctx, site, kind)
		before, _ := path.find(object.Object)
		if !path.apply(object.Object, mutate) {
			return false
		}
		err := api.Update(ctx, object, client.FieldOwner("somebody-else"))
		if err != nil && strings.Contains(err.Error(), "the object has been modified") {
			continue
		}
		if err != nil {
			return false
		}
		after, _ := path.find(object.Object)
		return fmt.Sprint(before) != fmt.Sprint(after)
	}
}

func differing(fields []ownedField, object *unstructured.Unstructured) []string {
	var paths []string
	for _, field := range fields {
		if value, found := field.path.find(object.Object); !found || fmt.Sprint(value) != fmt.Sprint(field.value) {
			paths = append(paths, field.path.String())
		}
	}
	return paths
}
