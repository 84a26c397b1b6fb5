// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

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
