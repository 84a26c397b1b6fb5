// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"io"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

func TestParse(t *testing.T) {
	g := NewWithT(t)
	options, err := parse(newFlags(io.Discard), []string{"--namespace", "checksum-system", "--shard-name", "a"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(options.mode).To(Equal(sharding.ModeBoth))
	g.Expect(options.namespace).To(Equal("checksum-system"))
	g.Expect(options.shardName).To(Equal("a"))
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no namespace":     {nil, "--namespace is required"},
		"an unknown mode":  {[]string{"--namespace", "a", "--mode", "Half"}, `--mode "Half": must be Both, Shard or Sharder`},
		"an argument":      {[]string{"--namespace", "a", "b"}, `unexpected argument "b"`},
		"an unknown flag":  {[]string{"--namspace", "a"}, "flag provided but not defined: -namspace"},
		"no value at all":  {[]string{"--namespace"}, "flag needs an argument"},
		"asking for help":  {[]string{"--help"}, "help requested"},
		"an unknown level": {[]string{"--zap-log-level", "loud"}, `invalid log level "loud"`},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			_, err := parse(newFlags(io.Discard), test.arguments)
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
		})
	}
}

func TestHelpSaysWhatItIsFor(t *testing.T) {
	g := NewWithT(t)
	var output bytes.Buffer
	_, err := parse(newFlags(&output), []string{"--help"})
	g.Expect(err).To(MatchError(flag.ErrHelp))
	g.Expect(output.String()).To(And(ContainSubstring("Keeps the checksum of each Secret"), ContainSubstring("-shard-name")))
}

func newFlags(output io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("checksum", flag.ContinueOnError)
	flags.SetOutput(output)
	return flags
}
