// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package diff_test checks the diff by which the documents show how a controller becomes sharded. Both of its ends are
// programs that are compiled: singleton and sharded.
package diff_test

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestDocumentedDiffIsTheDifferenceBetweenThePrograms(t *testing.T) {
	g := NewWithT(t)
	diff := documentedDiff(g, "../../../docs/implement-sharding.md")
	g.Expect(apply(g, diff, program(g, "singleton"))).To(Equal(program(g, "sharded")))
}

func TestReadmeShowsTheSameDiff(t *testing.T) {
	g := NewWithT(t)
	g.Expect(documentedDiff(g, "../../../README.md")).To(Equal(documentedDiff(g, "../../../docs/implement-sharding.md")))
}

func TestDiffHasTenNewLines(t *testing.T) {
	g := NewWithT(t)
	var lines []string
	for _, line := range documentedDiff(g, "../../../docs/implement-sharding.md") {
		isImport := strings.HasPrefix(line, "+\t\"")
		if strings.HasPrefix(line, "+") && strings.TrimSpace(line[1:]) != "" && !isImport {
			lines = append(lines, line)
		}
	}
	g.Expect(len(lines)).To(BeNumerically("<=", 10), strings.Join(lines, "\n"))
}

// documentedDiff returns the lines of the first code block with a diff.
func documentedDiff(g *WithT, file string) []string {
	document, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	_, rest, found := strings.Cut(string(document), "\n```diff\n")
	g.Expect(found).To(BeTrue(), "%s shows no diff", file)
	block, _, _ := strings.Cut(rest, "\n```\n")
	return strings.Split(block, "\n")
}

// program returns the lines of a program from its package clause on: what is said about it differs, of course.
func program(g *WithT, name string) []string {
	source, err := os.ReadFile(name + "/main.go")
	g.Expect(err).NotTo(HaveOccurred())
	_, code, found := strings.Cut(string(source), "\npackage main\n")
	g.Expect(found).To(BeTrue())
	return strings.Split(code, "\n")
}

// apply returns the lines as the diff changes them. Each hunk has to be where the diff says by its context, in order;
// what is between two hunks stays.
func apply(g *WithT, diff, lines []string) []string {
	var result []string
	inHunk := false
	for _, line := range diff {
		if line == "" { // editors strip the space of an empty line of context
			line = " "
		}
		kind, text := line[0], line[1:]
		if kind == '@' {
			inHunk = false
			continue
		}
		if kind == '+' {
			result = append(result, text)
			inHunk = true
			continue
		}
		for !inHunk && len(lines) > 0 && lines[0] != text {
			result = append(result, lines[0])
			lines = lines[1:]
		}
		g.Expect(lines).NotTo(BeEmpty(), "the program has no line %q where the diff has it", text)
		g.Expect(lines[0]).To(Equal(text), "the diff differs from the program")
		if kind == ' ' {
			result = append(result, text)
		}
		lines = lines[1:]
		inHunk = true
	}
	return append(result, lines...)
}
