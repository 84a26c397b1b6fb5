// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

const (
	labelRule    = "the name of a ControllerRing must be a DNS label: lower-case letters, digits and hyphens, starting and ending with a letter or digit"
	groupRule    = "must be an API group, without a version: lower-case letters, digits, hyphens and dots, starting and ending with a letter or digit; or empty for the core group"
	resourceRule = "must be the plural name of one resource, such as deployments: lower-case letters, digits and hyphens, starting with a letter; neither a kind, nor a subresource, nor *"
	ownRule      = "resources of sharding.timebertt.dev cannot be sharded: a ring must not be able to keep itself from being repaired"
	reviewRule   = "resources of admissionregistration.k8s.io, authentication.k8s.io and authorization.k8s.io cannot be sharded: a ring must not be able to stand in the way of all requests"
)

// dryRun sends a ring to the API server without keeping it. The spec is written as people write it.
func dryRun(ctx context.Context, name, spec string) error {
	ring := &unstructured.Unstructured{Object: map[string]any{}}
	Expect(yaml.Unmarshal([]byte(spec), &ring.Object)).To(Succeed())
	ring.SetAPIVersion("sharding.timebertt.dev/v1alpha1")
	ring.SetKind("ControllerRing")
	ring.SetName(name)
	return api.Create(ctx, ring, client.DryRunAll)
}

func mainResource(group, resource string) string {
	return fmt.Sprintf(`{spec: {resources: [{group: %q, resource: %q}]}}`, group, resource)
}

func controlledResource(group, resource string) string {
	return fmt.Sprintf(
		`{spec: {resources: [{group: apps, resource: statefulsets, controlledResources: [{group: %q, resource: %q}]}]}}`,
		group, resource)
}

// resources lists as many resources as wanted, each with the given suffix.
func resources(count int, suffix string) string {
	items := make([]string, count)
	for i := range items {
		items[i] = fmt.Sprintf("{group: example.com, resource: r%d%s}", i, suffix)
	}
	return strings.Join(items, ", ")
}

var _ = Describe("The API server", func() {
	DescribeTable("accepts a ring",
		func(ctx context.Context, name, spec string) {
			Expect(dryRun(ctx, name, spec)).To(Succeed())
		},
		Entry("with a name of 63 characters", strings.Repeat("a", 63), mainResource("apps", "deployments")),
		Entry("with a name of digits and hyphens", "0--9", mainResource("apps", "deployments")),
		Entry("without a spec", "a", `{}`),
		Entry("without resources", "a", `{spec: {}}`),
		Entry("with a resource of the core group", "a", mainResource("", "configmaps")),
		Entry("with a resource that nobody serves", "a", mainResource("not.there.example.com", "nothings")),
		Entry("with a cluster-scoped resource", "a", mainResource("rbac.authorization.k8s.io", "clusterroles")),
		Entry("with another resource of the leases' group", "a", mainResource("coordination.k8s.io", "leasecandidates")),
		Entry("with leases of another group", "a", mainResource("flats.example.com", "leases")),
		Entry("with a group and a resource of full length", "a",
			mainResource(strings.Repeat("a", 253), strings.Repeat("a", 63))),
		Entry("with the same resource name in two groups", "a",
			`{spec: {resources: [{resource: events}, {group: events.k8s.io, resource: events}]}}`),
		Entry("with one resource that two others control", "a", `{spec: {resources: [
			{group: apps, resource: deployments, controlledResources: [{resource: configmaps}]},
			{group: apps, resource: statefulsets, controlledResources: [{group: "", resource: configmaps}]}]}}`),
		Entry("with as many resources as possible", "a", `{spec: {resources: [`+resources(31, "")+
			`, {resource: mains, controlledResources: [`+resources(32, "x")+`]}]}}`),
		Entry("with a selector of namespaces", "a", `{spec: {namespaceSelector: {matchLabels: {a: b},
			matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}}}`),
	)

	DescribeTable("refuses a ring",
		func(ctx context.Context, name, spec, message string) {
			Expect(dryRun(ctx, name, spec)).To(MatchError(ContainSubstring(message)))
		},
		Entry("with a name that is too long", strings.Repeat("a", 64), mainResource("apps", "deployments"),
			"the name of a ControllerRing must have at most 63 characters: it becomes part of a label key"),
		Entry("with a dot in its name", "a.b", mainResource("apps", "deployments"), labelRule),
		Entry("that names a resource twice", "a",
			`{spec: {resources: [{group: apps, resource: deployments}, {group: apps, resource: deployments}]}}`,
			`spec.resources[1]: Duplicate value`),
		Entry("that names a resource of the core group twice", "a",
			`{spec: {resources: [{resource: configmaps}, {group: "", resource: configmaps}]}}`,
			`spec.resources[1]: Duplicate value`),
		Entry("that names a controlled resource twice", "a", `{spec: {resources: [{group: apps, resource: deployments,
			controlledResources: [{resource: configmaps}, {resource: configmaps}]}]}}`,
			`spec.resources[0].controlledResources[1]: Duplicate value`),
		Entry("with a resource that controls itself", "a", controlledResource("apps", "statefulsets"),
			"spec.resources: Invalid value"),
		Entry("with a resource that is main and controlled", "a", `{spec: {resources: [{group: apps, resource: deployments},
			{group: apps, resource: statefulsets, controlledResources: [{group: apps, resource: deployments}]}]}}`,
			"a resource cannot be both a main resource and a controlled one"),
		Entry("with too many resources", "a", `{spec: {resources: [`+resources(33, "")+`]}}`, "must have at most 32 items"),
		Entry("with too many controlled resources", "a",
			`{spec: {resources: [{resource: mains, controlledResources: [`+resources(33, "")+`]}]}}`, "must have at most 32 items"),
		Entry("with a resource without a name", "a", `{spec: {resources: [{group: apps}]}}`, "spec.resources[0].resource: Required value"),
		Entry("with a selector whose labels are no strings", "a", `{spec: {namespaceSelector: {matchLabels: {a: 1}}}}`,
			"spec.namespaceSelector.matchLabels.a: Invalid value"),
	)

	for position, spec := range map[string]func(string, string) string{
		"main": mainResource, "controlled": controlledResource,
	} {
		DescribeTable("refuses as a "+position+" resource",
			func(ctx context.Context, group, resource, message string) {
				Expect(dryRun(ctx, "a", spec(group, resource))).To(MatchError(ContainSubstring(message)))
			},
			Entry("leases", "coordination.k8s.io", "leases",
				"leases.coordination.k8s.io cannot be sharded: sharder and shards need them to work at all"),
			Entry("rings", "sharding.timebertt.dev", "controllerrings", ownRule),
			Entry("webhook configurations", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", reviewRule),
			Entry("admission policies", "admissionregistration.k8s.io", "validatingadmissionpolicies", reviewRule),
			Entry("reviews of tokens", "authentication.k8s.io", "tokenreviews", reviewRule),
			Entry("reviews of access", "authorization.k8s.io", "subjectaccessreviews", reviewRule),
			Entry("all resources", "apps", "*", resourceRule),
			Entry("a subresource", "apps", "deployments/scale", resourceRule),
			Entry("a kind", "apps", "Deployment", resourceRule),
			Entry("the empty name", "apps", "", resourceRule),
			Entry("a name that is too long", "apps", strings.Repeat("a", 64), "may not be more than 63"),
			Entry("all groups", "*", "deployments", groupRule),
			Entry("a group with a version", "apps/v1", "deployments", groupRule),
			Entry("a group with an empty part", "a..b", "deployments", groupRule),
			Entry("a group that is too long", strings.Repeat("a", 254), "deployments", "may not be more than 253"),
		)
	}

	It("shows rings with their state under short names", func(ctx context.Context) {
		ring := &shardingv1alpha1.ControllerRing{}
		ring.Name = "columns"
		Expect(api.Create(ctx, ring)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(api.Delete(ctx, ring)).To(Succeed()) })
		ring.Status = shardingv1alpha1.ControllerRingStatus{Shards: 3, AvailableShards: 2, Conditions: []metav1.Condition{{
			Type: "Ready", Status: "False", Reason: "Because", Message: "of that", LastTransitionTime: metav1.Now(),
		}}}
		Expect(api.Status().Update(ctx, ring)).To(Succeed())

		Expect(kubectl("get", "ring", "columns", "-o", "wide", "--no-headers")).
			To(MatchRegexp(`^columns +False +2 +3 +\d+s +of that\n$`))
		Expect(kubectl("get", "sharding", "-o", "name")).To(ContainSubstring("controllerring.sharding.timebertt.dev/columns"))
	})
})

// kubectl runs kubectl as an administrator and returns what it printed.
func kubectl(arguments ...string) string {
	GinkgoHelper()
	admin, err := env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, restConfig)
	Expect(err).NotTo(HaveOccurred())
	command, err := admin.Kubectl()
	Expect(err).NotTo(HaveOccurred())
	stdout, _, err := command.Run(arguments...)
	Expect(err).NotTo(HaveOccurred())
	printed, err := io.ReadAll(stdout)
	Expect(err).NotTo(HaveOccurred())
	return string(printed)
}
