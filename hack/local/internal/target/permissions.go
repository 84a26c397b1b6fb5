// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// askAtOnce bounds the questions that are asked side by side.
const askAtOnce = 16

// Demand is what has to be allowed about a resource.
type Demand struct {
	Resource schema.GroupResource
	// Namespace is empty for all of them, and for resources that are in none.
	Namespace string
	Verbs     []string
}

// Demands returns what is asked for if these verbs are used on the objects. Kinds that the API server does not know yet are
// left out.
func (t *Target) Demands(objects []*unstructured.Unstructured, verbs ...string) ([]Demand, error) {
	var demands []Demand
	for _, object := range objects {
		kind := object.GroupVersionKind()
		mapping, err := t.Client.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("asking for the kinds that the cluster knows: %w", err)
		}
		demands = append(demands, Demand{Resource: mapping.Resource.GroupResource(), Namespace: object.GetNamespace(), Verbs: verbs})
	}
	return demands, nil
}

// CheckPermissions asks the API server whether all of this is allowed, and names all that is not, so that nothing stops
// half-way. What the objects grant to others is up to CheckGrants.
func (t *Target) CheckPermissions(ctx context.Context, demands []Demand) error {
	questions := questions(demands)
	refused := make([]bool, len(questions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askAtOnce)
	for i, question := range questions {
		group.Go(func() error {
			review := &authorizationv1.SelfSubjectAccessReview{
				Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &question},
			}
			answer, err := t.Clientset.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("asking what is allowed: %w", err)
			}
			refused[i] = !answer.Status.Allowed
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	missing := describe(questions, refused)
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("you lack permissions in the cluster at %s (context %q); nothing was changed. You may not\n  %s\n"+
		"Ask an administrator of the cluster for them, and try again", t.Server, t.Context, strings.Join(missing, "\n  "))
}

// questions are those to ask, each once.
func questions(demands []Demand) []authorizationv1.ResourceAttributes {
	var questions []authorizationv1.ResourceAttributes
	for _, demand := range demands {
		for _, verb := range demand.Verbs {
			question := authorizationv1.ResourceAttributes{
				Verb: verb, Group: demand.Resource.Group, Resource: demand.Resource.Resource, Namespace: demand.Namespace,
			}
			if !slices.Contains(questions, question) {
				questions = append(questions, question)
			}
		}
	}
	return questions
}

// describe writes a line for each resource about which something was refused.
func describe(questions []authorizationv1.ResourceAttributes, refused []bool) []string {
	var resources []string
	verbs := map[string][]string{}
	for i, question := range questions {
		if !refused[i] {
			continue
		}
		resource := schema.GroupResource{Group: question.Group, Resource: question.Resource}.String()
		if question.Namespace != "" {
			resource += " in namespace " + question.Namespace
		}
		if len(verbs[resource]) == 0 {
			resources = append(resources, resource)
		}
		verbs[resource] = append(verbs[resource], question.Verb)
	}
	lines := make([]string, 0, len(resources))
	for _, resource := range resources {
		lines = append(lines, strings.Join(verbs[resource], ", ")+" "+resource)
	}
	return lines
}
