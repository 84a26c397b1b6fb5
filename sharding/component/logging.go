// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"flag"
	"os"

	"github.com/spf13/pflag"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// setUpLogging makes one logger for this program and for the libraries that it uses. Where the flags leave it open, the
// logs are JSON, or lines for people if they go to a terminal, and without stack traces: an error says by its wrapping
// where it comes from.
func setUpLogging(opts zap.Options) {
	if opts.NewEncoder == nil && term.IsTerminal(int(os.Stderr.Fd())) {
		zap.ConsoleEncoder()(&opts)
	}
	opts.TimeEncoder = zapcore.RFC3339NanoTimeEncoder
	opts.StacktraceLevel = zapcore.PanicLevel
	logger := zap.New(zap.UseFlagOptions(&opts))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
}

// addLoggingFlags adds the flags of the logs' level and format, which fill the options.
func addLoggingFlags(flags *pflag.FlagSet, opts *zap.Options) {
	zapFlags := flag.NewFlagSet("", flag.ContinueOnError)
	opts.BindFlags(zapFlags)
	level, encoder := zapFlags.Lookup("zap-log-level"), zapFlags.Lookup("zap-encoder")
	level.Usage = "`level` of the logs: error, info, debug, or a number from 1 for more and more detail (default info)"
	encoder.Usage = "`format` of the logs: json or console (default console on a terminal, else json)"
	flags.AddGoFlag(level)
	flags.AddGoFlag(encoder)
}
