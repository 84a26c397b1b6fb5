// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"flag"
	"os"

	"github.com/go-logr/zapr"
	"github.com/spf13/pflag"
	uberzap "go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// setUpLogging makes one logger for this program and for the libraries that it uses. Where the flags leave it open, the
// logs are JSON, or lines for people if they go to a terminal. There are no stack traces: an error says by its wrapping
// where it comes from. And no message is left out, however many there are: the counters for that would take more memory than
// all else that concerns logs.
func setUpLogging(opts zap.Options) {
	if opts.NewEncoder == nil {
		newEncoder := zap.JSONEncoder
		if term.IsTerminal(int(os.Stderr.Fd())) {
			newEncoder = zap.ConsoleEncoder
		}
		newEncoder(withTimes)(&opts)
	} else {
		opts.Encoder = opts.NewEncoder(withTimes)
	}
	if opts.Level == nil {
		opts.Level = zapcore.InfoLevel
	}
	sink := zapcore.Lock(os.Stderr)
	core := zapcore.NewCore(&zap.KubeAwareEncoder{Encoder: opts.Encoder}, sink, opts.Level)
	logger := zapr.NewLogger(uberzap.New(core, uberzap.ErrorOutput(sink)))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
}

func withTimes(config *zapcore.EncoderConfig) { config.EncodeTime = zapcore.RFC3339NanoTimeEncoder }

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
