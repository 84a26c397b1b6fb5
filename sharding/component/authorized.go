// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	// allowedFor and deniedFor are how long an answer of the API server holds.
	allowedFor = time.Minute
	deniedFor  = 10 * time.Second
	// rememberedAnswers bounds what clients can make the process remember.
	rememberedAnswers = 256
	reviewTimeout     = 10 * time.Second
)

// onlyAuthorized answers those clients that the API server authenticates by their bearer token and allows the verb (the
// method in lower case) on the path: 401 to clients without a valid token, 403 to those that may not, 500 if the API server
// cannot be asked. The process needs to be allowed to create tokenreviews and subjectaccessreviews.
//
// controller-runtime's filter does the same by the library of the API server, which makes each process a third larger
// (docs/adr/0012-lean-programs.md).
func onlyAuthorized(config *rest.Config, httpClient *http.Client) (metricsserver.Filter, error) {
	authentication, err := authenticationclient.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("making a client for token reviews: %w", err)
	}
	authorization, err := authorizationclient.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("making a client for access reviews: %w", err)
	}
	r := &reviewer{
		tokens:  authentication.TokenReviews(),
		access:  authorization.SubjectAccessReviews(),
		answers: cache.NewLRUExpireCache(rememberedAnswers),
	}
	return func(log logr.Logger, handler http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			switch status, err := r.review(request); {
			case err != nil:
				log.Error(err, "Failed to ask the API server about a client")
				http.Error(response, "the API server could not be asked", http.StatusInternalServerError)
			case status != http.StatusOK:
				http.Error(response, http.StatusText(status), status)
			default:
				handler.ServeHTTP(response, request)
			}
		}), nil
	}, nil
}

// reviewer asks the API server about clients, and remembers its answers for a while.
type reviewer struct {
	tokens  authenticationclient.TokenReviewInterface
	access  authorizationclient.SubjectAccessReviewInterface
	answers *cache.LRUExpireCache
}

// question is what an answer depends on. It does not hold the token itself.
type question struct {
	token      [sha256.Size]byte
	verb, path string
}

// review returns the status that the client is to get: 200, 401 or 403.
func (r *reviewer) review(request *http.Request) (int, error) {
	scheme, token, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return http.StatusUnauthorized, nil
	}
	q := question{token: sha256.Sum256([]byte(token)), verb: strings.ToLower(request.Method), path: request.URL.Path}
	if answer, ok := r.answers.Get(q); ok {
		return answer.(int), nil
	}
	ctx, cancel := context.WithTimeout(request.Context(), reviewTimeout)
	defer cancel()
	status, err := r.ask(ctx, token, q.verb, q.path)
	if err != nil {
		return 0, err
	}
	ttl := deniedFor
	if status == http.StatusOK {
		ttl = allowedFor
	}
	r.answers.Add(q, status, ttl)
	return status, nil
}

func (r *reviewer) ask(ctx context.Context, token, verb, path string) (int, error) {
	review, err := r.tokens.Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token},
	}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("reviewing a token: %w", err)
	}
	if !review.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}
	user := review.Status.User
	access, err := r.access.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra(user.Extra),
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: verb, Path: path},
	}}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("reviewing the access of %s: %w", user.Username, err)
	}
	if !access.Status.Allowed {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}

func extra(of map[string]authenticationv1.ExtraValue) map[string]authorizationv1.ExtraValue {
	converted := make(map[string]authorizationv1.ExtraValue, len(of))
	for key, values := range of {
		converted[key] = authorizationv1.ExtraValue(values)
	}
	return converted
}
