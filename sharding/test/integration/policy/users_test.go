// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	editor  = "alice"
	sharder = "system:serviceaccount:sharding-system:sharder"
	shardA  = "system:serviceaccount:ring-a-system:shard"
	shardB  = "system:serviceaccount:ring-b-system:shard"
	// The accounts of the API server's controllers have their roles there from the start.
	namespaceController = "system:serviceaccount:kube-system:namespace-controller"
	garbageCollector    = "system:serviceaccount:kube-system:generic-garbage-collector"
)

// grant lets all of them edit all objects of these tests, and shards and sharders change labels of rings besides.
func grant(ctx context.Context) {
	GinkgoHelper()
	bind(ctx, "edit-all", []string{editor, sharder, shardA, shardB}, rbacv1.PolicyRule{
		APIGroups: []string{"", "apps", "networking.k8s.io", "coordination.k8s.io", "test.dev"}, Resources: []string{"*"}, Verbs: []string{"*"},
	})
	bind(ctx, "shard-all", []string{sharder}, shardRule())
	bind(ctx, "shard-a", []string{shardA}, shardRule("ring-a"))
	bind(ctx, "shard-b", []string{shardB}, shardRule("ring-b"))
}

// shardRule is the permission to change the labels of the rings, or of all if none is named.
func shardRule(rings ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{"sharding.timebertt.dev"}, Resources: []string{"controllerrings"}, ResourceNames: rings, Verbs: []string{"shard"},
	}
}

func bind(ctx context.Context, name string, users []string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	Expect(admin.Create(ctx, role)).To(Succeed())
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
	}
	for _, user := range users {
		binding.Subjects = append(binding.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user})
	}
	Expect(admin.Create(ctx, binding)).To(Succeed())
}

// as returns a client that acts as the user.
func as(user string) client.Client {
	GinkgoHelper()
	config := rest.CopyConfig(restConfig)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	c, err := client.New(config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	return c
}
