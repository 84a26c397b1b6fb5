// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package freeport finds addresses for the programs that tests start.
package freeport

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// The ports are below those that connections get on Linux, so that none takes one before the program does.
const (
	firstPort = 20000
	ports     = 12000
)

// last is the port that was given last. Where it begins is random: other tests may run at the same time.
var last atomic.Uint32

func init() { last.Store(rand.Uint32N(ports)) } //nolint:gosec // nobody has to be kept from guessing it

// Address returns an address of this machine on which nobody listens, each time another one.
func Address() string {
	for {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+last.Add(1)%ports)
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
		if err != nil {
			continue
		}
		_ = listener.Close()
		return address
	}
}
