// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Assignment in the request", Ordered, func() {
	var namespace string

	BeforeAll(func(ctx context.Context) {
		applyPatiently(ctx, options())
		namespace = newNamespace(ctx, map[string]string{labelSelected: "true"})
		awaitWebhook(ctx, namespace)
	})

	create := func(ctx context.Context, object client.Object, options ...client.CreateOption) int {
		GinkgoHelper()
		return callsDuring(func() { Expect(apiServer.Create(ctx, object, options...)).To(Succeed()) })
	}
	// unassigned creates a Deployment while there is no shard.
	unassigned := func(ctx context.Context, name string) *appsv1.Deployment {
		GinkgoHelper()
		setShards()
		defer setShards("shard-a", "shard-b", "shard-c")
		deployment := newDeployment(namespace, name)
		Expect(create(ctx, deployment)).To(Equal(1))
		Expect(deployment.Labels).NotTo(HaveKey(labelShard))
		return deployment
	}

	It("answers a creation with the object's shard", func(ctx context.Context) {
		owners := map[string]bool{}
		for n := range 20 {
			name := fmt.Sprintf("object-%d", n)
			deployment := newDeployment(namespace, name)
			deployment.Labels = map[string]string{"kept": "label", labelDrain: "stray"}
			Expect(create(ctx, deployment)).To(Equal(1))
			owner := ownerOf("apps/Deployment/" + namespace + "/" + name)
			Expect(deployment.Labels).To(Equal(map[string]string{"kept": "label", labelShard: owner}))
			owners[owner] = true
		}
		Expect(len(owners)).To(BeNumerically(">", 1))
	})

	It("treats a dry run the same way", func(ctx context.Context) {
		deployment := newDeployment(namespace, "dry")
		Expect(create(ctx, deployment, client.DryRunAll)).To(Equal(1))
		Expect(deployment.Labels).To(HaveKeyWithValue(labelShard, ownerOf("apps/Deployment/"+namespace+"/dry")))
	})

	It("assigns with the first update what could not be assigned before", func(ctx context.Context) {
		deployment := unassigned(ctx, "late")
		deployment.Annotations = map[string]string{"touched": "true"}
		Expect(callsDuring(func() { Expect(apiServer.Update(ctx, deployment)).To(Succeed()) })).To(Equal(1))
		Expect(deployment.Labels).To(HaveKeyWithValue(labelShard, ownerOf("apps/Deployment/"+namespace+"/late")))
	})

	It("assigns again in the very request that acknowledges a drain", func(ctx context.Context) {
		deployment := newDeployment(namespace, "drained")
		deployment.Labels = map[string]string{labelShard: "shard-z", labelDrain: "true"}
		Expect(create(ctx, deployment)).To(BeZero())
		deployment.Labels = nil
		Expect(callsDuring(func() { Expect(apiServer.Update(ctx, deployment)).To(Succeed()) })).To(Equal(1))
		Expect(deployment.Labels).To(Equal(map[string]string{labelShard: ownerOf("apps/Deployment/" + namespace + "/drained")}))
	})

	It("assigns cluster-scoped objects", func(ctx context.Context) {
		class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "cluster-scoped"}, Value: 1}
		Expect(create(ctx, class)).To(Equal(1))
		Expect(class.Labels).To(HaveKeyWithValue(labelShard, ownerOf("scheduling.k8s.io/PriorityClass//cluster-scoped")))
		Expect(apiServer.Delete(ctx, class)).To(Succeed())
	})

	It("assigns a controlled object to the shard of its controller, also without a name and a large one", func(ctx context.Context) {
		owner := newDeployment(namespace, "owner")
		Expect(create(ctx, owner)).To(Equal(1))
		for name, data := range map[string]string{"small": "", "large": strings.Repeat("x", 1_000_000)} {
			configMap := &corev1.ConfigMap{Data: map[string]string{"data": data}}
			configMap.Namespace, configMap.GenerateName = namespace, name+"-"
			configMap.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, appsv1.SchemeGroupVersion.WithKind("Deployment"))}
			Expect(create(ctx, configMap)).To(Equal(1))
			Expect(configMap.Labels).To(HaveKeyWithValue(labelShard, owner.Labels[labelShard]))
		}
	})

	It("assigns an object of nearly 3 MB, which is as large as requests may be", func(ctx context.Context) {
		deployment := newDeployment(namespace, "huge")
		deployment.Spec.Template.Spec.Containers[0].Args = []string{strings.Repeat("x", 2_900_000)}
		Expect(create(ctx, deployment, client.DryRunAll)).To(Equal(1)) // etcd takes half of it
		Expect(deployment.Labels).To(HaveKey(labelShard))
	})

	It("assigns an object with null for its labels", func(ctx context.Context) {
		clientset, err := kubernetes.NewForConfig(restConfig)
		Expect(err).NotTo(HaveOccurred())
		body := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"null","labels":null},"spec":` +
			`{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"a"}]}}}}`
		deployment := &appsv1.Deployment{}
		Expect(clientset.AppsV1().RESTClient().Post().Namespace(namespace).Resource("deployments").
			SetHeader("Content-Type", "application/json").Body([]byte(body)).Do(ctx).Into(deployment)).To(Succeed())
		Expect(deployment.Labels).To(HaveKey(labelShard))
	})

	It("is not asked about what has a shard, has no name, is controlled by nobody, or is elsewhere", func(ctx context.Context) {
		labelled := newDeployment(namespace, "labelled")
		labelled.Labels = map[string]string{labelShard: "shard-z"}
		Expect(create(ctx, labelled)).To(BeZero())
		labelled.Annotations = map[string]string{"touched": "true"}
		Expect(callsDuring(func() { Expect(apiServer.Update(ctx, labelled)).To(Succeed()) })).To(BeZero())

		assigned := unassigned(ctx, "assigned")
		patch := []byte(`{"metadata":{"labels":{"` + labelShard + `":"shard-z"}}}`)
		Expect(callsDuring(func() {
			Expect(apiServer.Patch(ctx, assigned, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
		})).To(BeZero(), "the sharder's own assignment")

		unnamed := newDeployment(namespace, "")
		unnamed.GenerateName = "unnamed-"
		Expect(create(ctx, unnamed)).To(BeZero())
		Expect(unnamed.Labels).NotTo(HaveKey(labelShard))

		uncontrolled := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "uncontrolled"}}
		Expect(create(ctx, uncontrolled)).To(BeZero())
		uncontrolled.Name, uncontrolled.ResourceVersion = "controlled-by-another", ""
		uncontrolled.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "a", UID: "a", Controller: new(true)}}
		Expect(create(ctx, uncontrolled)).To(BeZero())

		Expect(create(ctx, newDeployment(newNamespace(ctx, nil), "elsewhere"))).To(BeZero())
		Expect(create(ctx, newDeployment("kube-system", "elsewhere"))).To(BeZero())
		scale := newDeployment(namespace, "labelled")
		Expect(callsDuring(func() {
			Expect(apiServer.SubResource("status").Patch(ctx, scale, client.RawPatch("application/merge-patch+json", []byte(`{"status":{"replicas":1}}`)))).To(Succeed())
		})).To(BeZero())
	})

	It("gives the API server conditions that never fail", func(ctx context.Context) {
		clientset, err := kubernetes.NewForConfig(restConfig)
		Expect(err).NotTo(HaveOccurred())
		metrics, err := clientset.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(metrics)).To(ContainSubstring("apiserver_admission_match_condition_exclusions_total"))
		Expect(string(metrics)).NotTo(ContainSubstring("apiserver_admission_match_condition_evaluation_errors_total{"))
	})
})
