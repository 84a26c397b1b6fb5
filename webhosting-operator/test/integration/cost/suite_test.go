// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package cost_test compares what the operator takes with what a plain one does that makes the same of Websites: the
// program in the folder plain. Each has an API server of its own, and the same is asked of both, one after the other.
//
//	go test -v -count=1 ./test/integration/cost
//
// prints a table. COST_WEBSITES has it done with another number of websites than 100.
package cost_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const module = "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator"

var (
	scheme = runtime.NewScheme()
	// operatorProgram and plainProgram are the paths of the built programs.
	operatorProgram, plainProgram string
)

func TestCost(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Cost")
}

var _ = BeforeSuite(func() {
	SetDefaultEventuallyTimeout(2 * time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	log.SetLogger(GinkgoLogr)
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())

	var err error
	operatorProgram, err = gexec.Build(module + "/cmd/webhosting-operator")
	Expect(err).NotTo(HaveOccurred())
	plainProgram, err = gexec.Build(module + "/test/integration/cost/plain")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)
})
