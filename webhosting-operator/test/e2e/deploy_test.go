// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	singleton = "singleton"
	sharded   = "sharded"
	dedicated = "sharded-dedicated"
)

// deployed is the mode that the suite has deployed last, "" for none.
var deployed string

// inMode has the operator run in the mode, and all sample websites settled. Whenever the mode changes for that, the
// websites are served all the while.
func inMode(ctx context.Context, mode string) {
	GinkgoHelper()
	switch deployed {
	case mode:
		Eventually(ctx, unsettled).Should(BeEmpty())
	case "":
		begin := time.Now()
		deploy(ctx, mode)
		runMake(ctx, "samples")
		note("make deploy MODE="+mode+" and make samples, until all are Ready", "%s", seconds(begin))
		expectSettled(ctx)
	default:
		whileVisited(ctx, "from "+deployed+" to "+mode, func() {
			deploy(ctx, mode)
			expectSettled(ctx)
		})
	}
}

// deploy deploys as people do.
func deploy(ctx context.Context, mode string) {
	GinkgoHelper()
	begin := time.Now()
	deployed = "" // until it is
	runMake(ctx, "deploy", "MODE="+mode)
	deployed = mode
	note("make deploy MODE="+mode, "%s", seconds(begin))
}

// undeploy removes operator and sharder, and all that belongs to them with PURGE=true.
func undeploy(ctx context.Context, arguments ...string) {
	GinkgoHelper()
	deployed = ""
	runMake(ctx, append([]string{"undeploy"}, arguments...)...)
}

func seconds(since time.Time) string { return time.Since(since).Round(100 * time.Millisecond).String() }

// runMake runs a target of the Makefile.
func runMake(ctx context.Context, arguments ...string) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, "make", append([]string{"--no-print-directory"}, arguments...)...)
	command.Dir = root()
	output, err := command.CombinedOutput()
	GinkgoWriter.Printf("make %v\n%s\n", arguments, output)
	Expect(err).NotTo(HaveOccurred(), "make %v: %s", arguments, output)
}

// The specs begin on a cluster without anything of this project, and leave one.
func purge(ctx context.Context) {
	GinkgoHelper()
	undeploy(ctx, "PURGE=true")
}
