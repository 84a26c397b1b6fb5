// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const (
	operatorNamespace, operatorName = "webhosting-system", "webhosting-operator"
	sharderNamespace, sharderName   = "sharding-system", "sharder"

	shardLabel = "shard.alpha.sharding.timebertt.dev/webhosting-operator"
	drainLabel = "drain.alpha.sharding.timebertt.dev/webhosting-operator"
)

// projects are those of the samples.
var projects = []string{"project-garden", "project-museum"}

// samples returns the websites of the samples.
func samples(ctx context.Context) ([]v1alpha1.Website, error) {
	var all []v1alpha1.Website
	for _, project := range projects {
		list := &v1alpha1.WebsiteList{}
		if err := admin.List(ctx, list, client.InNamespace(project)); err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
	}
	return all, nil
}

// calm is how long websites have to be settled to count as such: a shard that has just come gets its websites at once.
const calm = 2 * time.Second

// expectSettled waits until all sample websites are Ready, and have a living shard where the operator is sharded, and nothing
// more happens.
func expectSettled(ctx context.Context) {
	GinkgoHelper()
	since := time.Now()
	Eventually(ctx, func(ctx context.Context) ([]string, error) {
		found, err := unsettled(ctx)
		if err != nil || len(found) > 0 {
			since = time.Now()
		} else if lasted := time.Since(since); lasted < calm {
			return []string{fmt.Sprintf("settled, but only for %s", lasted)}, nil
		}
		return found, err
	}).Should(BeEmpty())
}

// unsettled says which websites are not as they should be.
func unsettled(ctx context.Context) ([]string, error) {
	websites, err := samples(ctx)
	if err != nil {
		return nil, err
	}
	alive, err := aliveShards(ctx)
	if err != nil {
		return nil, err
	}
	operator := deployment(operatorNamespace, operatorName)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(operator), operator); err != nil {
		return nil, err
	}
	var found []string
	if wanted := int(*operator.Spec.Replicas); deployed != singleton && len(alive) != wanted {
		found = append(found, fmt.Sprintf("%d shards are alive, not %d", len(alive), wanted))
	}
	if len(websites) != 13 {
		found = append(found, fmt.Sprintf("%d websites", len(websites)))
	}
	for _, site := range websites {
		shard, assigned := site.Labels[shardLabel]
		_, draining := site.Labels[drainLabel]
		switch {
		case site.Status.Phase != v1alpha1.PhaseReady || site.Status.ObservedGeneration != site.Generation:
			found = append(found, site.Name+" is "+string(site.Status.Phase))
		case deployed == singleton && assigned:
			found = append(found, site.Name+" still belongs to "+shard)
		case deployed != singleton && !slices.Contains(alive, shard):
			found = append(found, site.Name+" belongs to "+shard+", which is none of "+strings.Join(alive, ", "))
		case draining:
			found = append(found, site.Name+" is draining")
		}
	}
	return found, nil
}

// aliveShards returns the shards that hold their leases and whose pods are there.
func aliveShards(ctx context.Context) ([]string, error) {
	leases, pods := &coordinationv1.LeaseList{}, &corev1.PodList{}
	if err := admin.List(ctx, leases, client.InNamespace(operatorNamespace),
		client.MatchingLabels{"alpha.sharding.timebertt.dev/controllerring": operatorName}); err != nil {
		return nil, err
	}
	if err := admin.List(ctx, pods, client.InNamespace(operatorNamespace)); err != nil {
		return nil, err
	}
	var alive []string
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp == nil && slices.ContainsFunc(leases.Items, func(lease coordinationv1.Lease) bool {
			return lease.Name == pod.Name && ptr.Deref(lease.Spec.HolderIdentity, "") == pod.Name
		}) {
			alive = append(alive, pod.Name)
		}
	}
	return alive, nil
}

// expectFenced waits until the sharder has taken the lease of a shard, as it does with those that did not let go of it.
func expectFenced(ctx context.Context, shard string) {
	GinkgoHelper()
	lease := &coordinationv1.Lease{}
	Eventually(ctx, func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: shard}, lease)).To(Succeed())
		g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Equal("shardlease-controller")))
	}).Should(Succeed())
}

// leader returns the pod that holds the lease of that name, as soon as one does: between two leaders there is none.
func leader(ctx context.Context, namespace, name string) *corev1.Pod {
	GinkgoHelper()
	lease, pod := &coordinationv1.Lease{}, &corev1.Pod{}
	Eventually(ctx, func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, lease)).To(Succeed())
		holder, _, _ := strings.Cut(ptr.Deref(lease.Spec.HolderIdentity, ""), "_") // followed by what is unique to the process
		g.Expect(holder).NotTo(BeEmpty())
		g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: holder}, pod)).To(Succeed())
		g.Expect(pod.DeletionTimestamp).To(BeNil())
	}).Should(Succeed())
	return pod
}

// websitePods returns the names of all pods of websites, but for those that come and go, and those that are about to end.
func websitePods(ctx context.Context) map[string]bool {
	GinkgoHelper()
	names := map[string]bool{}
	for _, project := range projects {
		for _, pod := range podsOf(ctx, project, "nginx") {
			if !strings.HasPrefix(pod.Name, visitor) && pod.DeletionTimestamp == nil {
				names[pod.Name] = true
			}
		}
	}
	return names
}
