// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"context"
	"fmt"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// startSharder runs the sharder that serves all ControllerRings, as the ServiceAccount of its manifests, which have to be
// applied before.
func startSharder(ctx context.Context) *gexec.Session {
	GinkgoHelper()
	aggregateToSharder(ctx)
	program, err := gexec.Build("github.com/timebertt/kubernetes-controller-sharding/sharding/cmd/sharder")
	Expect(err).NotTo(HaveOccurred())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	webhook := listener.Addr()
	Expect(listener.Close()).To(Succeed())
	config := writeFile("config.yaml", fmt.Appendf(nil, `
apiVersion: config.sharding.timebertt.dev/v1alpha1
kind: SharderConfig
webhook: {bindAddress: "%s", url: "https://%s"}
health: {bindAddress: "0"}
metrics: {bindAddress: "0"}
`, webhook, webhook))
	return run(kubeconfigOf(ctx, "sharding-system", "sharder"), program, "--config", config)
}

// aggregateToSharder does what a controller would do that these tests do not have: it gives the sharder what the rings'
// roles allow.
func aggregateToSharder(ctx context.Context) {
	GinkgoHelper()
	rings := &rbacv1.ClusterRoleList{}
	Expect(apiServer.List(ctx, rings, client.MatchingLabels{"sharding.timebertt.dev/aggregate-to-sharder": "true"})).To(Succeed())
	Expect(rings.Items).NotTo(BeEmpty())
	role := &rbacv1.ClusterRole{}
	Expect(apiServer.Get(ctx, client.ObjectKey{Name: "sharder-rings"}, role)).To(Succeed())
	for _, ring := range rings.Items {
		role.Rules = append(role.Rules, ring.Rules...)
	}
	Expect(apiServer.Update(ctx, role)).To(Succeed())
}
