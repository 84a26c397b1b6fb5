// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// All of these end with every website Ready and with a living shard, and with an operator that does its work. No request
// for a page fails meanwhile.

// updated replaces all pods of the operator, one after the other.
func updated(mode string) {
	It("serves while the operator is updated, "+mode, func(ctx context.Context) {
		inMode(ctx, mode)
		whileVisited(ctx, "rolling update of the operator, "+mode, func() {
			restart(ctx, operatorNamespace, operatorName)
			expectSettled(ctx)
		})
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// deleted takes an instance of the operator away as `kubectl delete pod` does, which lets it end in peace.
func deleted(mode string) {
	It("serves while a pod of the operator is deleted, "+mode, func(ctx context.Context) {
		inMode(ctx, mode)
		whileVisited(ctx, "a pod of the operator deleted, "+mode, func() {
			pod := podsOf(ctx, operatorNamespace, operatorName)[0]
			Expect(admin.Delete(ctx, &pod)).To(Succeed())
			expectRolledOut(ctx, deployment(operatorNamespace, operatorName), replicas(mode))
			expectSettled(ctx)
		})
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// crashed kills the process of an instance. The cluster starts it again, but the lease of its name is still held: when that
// has expired, the sharder takes it, and other instances take the websites.
func crashed() {
	It("serves while a process of the operator is killed", func(ctx context.Context) {
		inMode(ctx, dedicated)
		whileVisited(ctx, "a process of the operator killed", func() {
			pod := podsOf(ctx, operatorNamespace, operatorName)[0]
			sendSignal(ctx, "KILL", &pod)
			begin := time.Now()
			expectRestarted(ctx, &pod)
			expectFenced(ctx, pod.Name)
			Eventually(ctx, samples).Should(HaveEach(HaveField("Labels", HaveKeyWithValue(shardLabel, Not(Equal(pod.Name))))))
			note("a process of the operator killed until others have its websites", "%s", seconds(begin))

			Expect(admin.Delete(ctx, &pod)).To(Succeed()) // it would wait for 30 s to come back
			expectRolledOut(ctx, deployment(operatorNamespace, operatorName), replicas(dedicated))
			expectSettled(ctx)
		})
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// lost freezes the leader and takes its pod away, so that it cannot even let go of its leases, as when its node is lost.
func lost() {
	It("serves while the leading pod of the operator is frozen and gone", func(ctx context.Context) {
		inMode(ctx, sharded)
		whileVisited(ctx, "the leading pod of the operator frozen and gone", func() {
			pod := leader(ctx, operatorNamespace, operatorName)
			sendSignal(ctx, "STOP", pod)
			Expect(admin.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
			expectFenced(ctx, pod.Name) // of which nothing is left a minute later
			expectRolledOut(ctx, deployment(operatorNamespace, operatorName), replicas(sharded))
			expectSettled(ctx)
		})
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// scaled changes the number of instances of the operator.
func scaled(mode string) {
	It("serves while the operator is scaled to 1, to 5, and to 2, "+mode, func(ctx context.Context) {
		inMode(ctx, mode)
		whileVisited(ctx, "operator scaled to 1, to 5, to 2, and back, "+mode, func() {
			for _, count := range []int{1, 5, 2, replicas(mode)} {
				scale(ctx, count)
				expectSettled(ctx)
			}
		})
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// sharderUpdated replaces all pods of the sharder, and then deletes the one that leads.
func sharderUpdated() {
	It("serves while the sharder is updated, and its leader deleted", func(ctx context.Context) {
		inMode(ctx, dedicated)
		whileVisited(ctx, "rolling update of the sharder", func() {
			restart(ctx, sharderNamespace, sharderName)
			expectSettled(ctx)
		})
		whileVisited(ctx, "the leading pod of the sharder deleted", func() {
			pod := leader(ctx, sharderNamespace, sharderName)
			Expect(admin.Delete(ctx, pod)).To(Succeed())
			expectRolledOut(ctx, deployment(sharderNamespace, sharderName), 2)
			expectSettled(ctx)
		})
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// switched changes the mode, whichever it was.
func switched(mode string) {
	It("serves while the mode becomes "+mode, func(ctx context.Context) {
		inMode(ctx, mode)
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}
