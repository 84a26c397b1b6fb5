// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// grant is one verb on one resource by one role. An empty namespace or name stands for all.
type grant struct{ role, verb, resource, namespace, name string }

// String leaves the namespace out: a role has one.
func (g grant) String() string {
	text := g.role + ": " + g.verb + " " + g.resource
	if g.name != "" {
		text += " " + g.name
	}
	return text
}

// usedBy also holds for lists of what is watched: that is how a cache begins where the API server cannot begin a watch with
// what there is.
func (g grant) usedBy(r request) bool {
	return !r.refused && (g.verb == r.verb || g.verb == "list" && r.verb == "watch") && g.resource == r.resource &&
		(g.namespace == "" || g.namespace == r.namespace) && (g.name == "" || g.name == r.name)
}

// grants returns what is granted to the account by name. What everybody with a ServiceAccount has is left out.
func (c *cluster) grants(ctx context.Context, to account) []grant {
	GinkgoHelper()
	var all []grant
	clusterBindings, bindings := &rbacv1.ClusterRoleBindingList{}, &rbacv1.RoleBindingList{}
	Expect(c.admin.List(ctx, clusterBindings)).To(Succeed())
	Expect(c.admin.List(ctx, bindings)).To(Succeed())
	for _, binding := range clusterBindings.Items {
		if binds(binding.Subjects, to) {
			all = append(all, c.grantsOfRole(ctx, binding.RoleRef, "")...)
		}
	}
	for _, binding := range bindings.Items {
		if binds(binding.Subjects, to) {
			all = append(all, c.grantsOfRole(ctx, binding.RoleRef, binding.Namespace)...)
		}
	}
	return all
}

func binds(subjects []rbacv1.Subject, to account) bool {
	return slices.Contains(subjects, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: to.namespace, Name: to.name})
}

func (c *cluster) grantsOfRole(ctx context.Context, ref rbacv1.RoleRef, namespace string) []grant {
	GinkgoHelper()
	var rules []rbacv1.PolicyRule
	if ref.Kind == "ClusterRole" {
		role := &rbacv1.ClusterRole{}
		Expect(c.admin.Get(ctx, client.ObjectKey{Name: ref.Name}, role)).To(Succeed())
		rules = role.Rules
	} else {
		role := &rbacv1.Role{}
		Expect(c.admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, role)).To(Succeed())
		rules = role.Rules
	}

	var all []grant
	for _, rule := range rules {
		Expect(rule.NonResourceURLs).To(BeEmpty(), ref.Name)
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, item := range rule.Resources {
				Expect([]string{group, item}).NotTo(ContainElement("*"), ref.Name)
				main, sub, _ := strings.Cut(item, "/")
				for _, verb := range rule.Verbs {
					Expect(verb).NotTo(Equal("*"), ref.Name)
					for _, name := range names {
						all = append(all, grant{ref.Name, verb, resource(group, main, sub), namespace, name})
					}
				}
			}
		}
	}
	return all
}

// allows asks the API server whether it knows of a grant.
func (c *cluster) allows(ctx context.Context, to account, g grant) (bool, error) {
	item, sub, _ := strings.Cut(g.resource, "/")
	item, group, _ := strings.Cut(item, ".")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: to.user(),
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: g.verb, Group: group, Resource: item, Subresource: sub, Namespace: g.namespace, Name: g.name,
		},
	}}
	err := c.admin.Create(ctx, review)
	return review.Status.Allowed, err
}

// aggregateRoles does what a controller does, which does not run here: it fills the roles that are made of others.
func (c *cluster) aggregateRoles(ctx context.Context) {
	GinkgoHelper()
	roles := &rbacv1.ClusterRoleList{}
	Expect(c.admin.List(ctx, roles)).To(Succeed())
	for _, role := range roles.Items {
		if role.AggregationRule == nil {
			continue
		}
		role.Rules = nil
		for _, wanted := range role.AggregationRule.ClusterRoleSelectors {
			selector, err := metav1.LabelSelectorAsSelector(&wanted)
			Expect(err).NotTo(HaveOccurred())
			for _, part := range roles.Items {
				if selector.Matches(labels.Set(part.Labels)) {
					role.Rules = append(role.Rules, part.Rules...)
				}
			}
		}
		Expect(c.admin.Update(ctx, &role)).To(Succeed())
	}
}
