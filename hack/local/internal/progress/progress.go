// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package progress tells people that something that takes long is still going on.
package progress

import (
	"fmt"
	"io"
	"time"

	"k8s.io/utils/clock"
)

// heartbeat is how often something that takes long is reported.
const heartbeat = 20 * time.Second

// During runs the function, and writes a line with the prefix every now and then until it returns. It returns how long
// the function took.
func During(out io.Writer, c clock.WithTicker, prefix string, run func() error) (time.Duration, error) {
	begin := c.Now()
	ticker := c.NewTicker(heartbeat)
	defer ticker.Stop()
	done := make(chan error, 1)
	go func() { done <- run() }()
	for {
		select {
		case err := <-done:
			return c.Since(begin), err
		case <-ticker.C():
			fmt.Fprintf(out, "%s still at it after %s\n", prefix, Seconds(c.Since(begin)))
		}
	}
}

// Seconds writes a duration as people read it: to the second, and a short one to the tenth of it.
func Seconds(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
