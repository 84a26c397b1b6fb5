// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scrape

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	readerName      = "local-metrics-reader"
	readerNamespace = metav1.NamespaceSystem
	// tokenLifetime is longer than anything that is measured.
	tokenLifetime = 2 * time.Hour
)

// reader is who reads: a service account that may do nothing else.
func reader() []client.Object {
	meta := metav1.ObjectMeta{Name: readerName}
	return []client.Object{
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: readerName, Namespace: readerNamespace}},
		&rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
			{NonResourceURLs: []string{"/metrics", "/debug/pprof/*"}, Verbs: []string{"get"}},
		}},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: meta,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: readerName},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: readerName, Namespace: readerNamespace}},
		},
	}
}

// login makes the reader, if there is none yet, and returns a token of it.
func login(ctx context.Context, c client.Client) (string, error) {
	objects := reader()
	for _, object := range objects {
		if err := c.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
			return "", fmt.Errorf("making %s, who reads metrics: %w", readerName, err)
		}
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := c.SubResource("token").Create(ctx, objects[0], request); err != nil {
		return "", fmt.Errorf("asking for a token of %s: %w", readerName, err)
	}
	return request.Status.Token, nil
}

// Forget removes what Login made. It is fine if it did not.
func Forget(ctx context.Context, c client.Client) error {
	for _, object := range reader() {
		if err := c.Delete(ctx, object); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("removing %s: %w", readerName, err)
		}
	}
	return nil
}
