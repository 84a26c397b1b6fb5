// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// figures are what the suite found out beside that everything works, in order.
var figures struct {
	sync.Mutex
	lines []string
}

// note adds a figure to the report.
func note(what, format string, values ...any) {
	figures.Lock()
	defer figures.Unlock()
	figures.lines = append(figures.lines, fmt.Sprintf("%-62s %s", what, fmt.Sprintf(format, values...)))
}

// Whoever waits sees how far it is.
var _ = ReportAfterEach(func(report SpecReport) {
	fmt.Printf("%6.1f s  %-7s  %s\n", report.RunTime.Seconds(), report.State, report.LeafNodeText)
})

var _ = ReportAfterSuite("figures", func(Report) {
	total := allTraffic.snapshot()
	note("requests to websites, all of the suite", "%d, of which %d failed", total.requests, len(total.failures))
	note("restarts of containers, all of the suite", "%d", restarts)
	text := strings.Join(figures.lines, "\n") + "\n"
	fmt.Printf("\n--- figures\n%s", text)
	writeOutput("e2e-figures.txt", []byte(text))
})

// skippedFile names what did not run, for whoever started the tests to show: what passes is not read.
const skippedFile = "skipped-e2e.txt"

// skipped are the lines of that file.
var skipped string

// skip ends a spec that cannot run.
func skip(format string, values ...any) {
	GinkgoHelper()
	message := "SKIPPED " + CurrentSpecReport().FullText() + ": " + fmt.Sprintf(format, values...)
	skipped += message + "\n"
	writeOutput(skippedFile, []byte(skipped))
	Skip(message)
}

// outputFolder is where the suite leaves what people may want to look at.
func outputFolder() string {
	GinkgoHelper()
	if folder := os.Getenv("TEST_OUTPUT"); folder != "" {
		return folder
	}
	return filepath.Join(root(), "test-output")
}

// writeOutput writes a file below outputFolder and returns its path.
func writeOutput(name string, content []byte) string {
	GinkgoHelper()
	path := filepath.Join(outputFolder(), name)
	Expect(os.MkdirAll(outputFolder(), 0o755)).To(Succeed())
	Expect(os.WriteFile(path, content, 0o644)).To(Succeed())
	return path
}
