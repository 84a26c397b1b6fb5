// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scope_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// A client takes the kind of a list without one suffix.
func TestListOf(t *testing.T) {
	g := NewWithT(t)
	g.Expect(scope.ListOf(appsv1.SchemeGroupVersion.WithKind("Deployment")).Kind).To(Equal("DeploymentList"))
	g.Expect(scope.ListOf(appsv1.SchemeGroupVersion.WithKind("AllowList")).Kind).To(Equal("AllowListList"))
}
