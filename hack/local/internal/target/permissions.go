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

// CheckPermissions asks the API server whether the objects may be applied and removed, and names all that may not, so that
// nothing stops half-way. What one may only grant to others if one has it oneself is not asked for.
func (t *Target) CheckPermissions(ctx context.Context, objects []*unstructured.Unstructured) error {
	questions, err := t.questions(objects)
	if err != nil {
		return err
	}
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
		"Ask an administrator of the cluster for them, or to deploy, and try again", t.Server, t.Context, strings.Join(missing, "\n  "))
}

// questions are those of the objects whose kinds the API server knows already.
func (t *Target) questions(objects []*unstructured.Unstructured) ([]authorizationv1.ResourceAttributes, error) {
	var questions []authorizationv1.ResourceAttributes
	for _, object := range objects {
		kind := object.GroupVersionKind()
		mapping, err := t.Client.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("asking for the kinds that the cluster knows: %w", err)
		}
		for _, verb := range []string{"create", "patch", "delete"} {
			question := authorizationv1.ResourceAttributes{
				Verb: verb, Group: mapping.Resource.Group, Resource: mapping.Resource.Resource, Namespace: object.GetNamespace(),
			}
			if !slices.Contains(questions, question) {
				questions = append(questions, question)
			}
		}
	}
	return questions, nil
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
