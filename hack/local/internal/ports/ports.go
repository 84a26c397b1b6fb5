// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package ports chooses the TCP ports of this machine that a checkout uses.
package ports

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Ports are searched in this range: above those of well-known services, and below those that Linux (32768) and macOS
// (49152) hand out to outgoing connections, which may take a port away while its server restarts.
const (
	first = 20000
	last  = 32000
)

// Free reports whether a server could listen on the port now, on the loopback address and on all addresses.
func Free(port int) bool {
	for _, host := range []string{"127.0.0.1", ""} {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}

// WaitFree waits until all of the ports are free, but not longer than the limit: the system takes a moment to close
// those of a process that ended just now.
func WaitFree(ctx context.Context, limit time.Duration, ports ...int) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for _, port := range ports {
		for !Free(port) {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}
}

// Change tells that a port had to be changed.
type Change struct {
	Name     string
	Old, New int
}

// Choose returns a port for every name. A name keeps the port that it had, as long as that port is free; the changes
// tell about the others that had one. New ports are searched from a place that the seed determines, so that checkouts
// with different seeds do not get in each other's way. It fails if the whole range is taken.
func Choose(names []string, had map[string]int, seed int, free func(int) bool) (map[string]int, []Change, error) {
	chosen := make(map[string]int, len(names))
	taken := map[int]bool{}
	for _, name := range names {
		if port := had[name]; port != 0 && !taken[port] && free(port) {
			chosen[name], taken[port] = port, true
		}
	}
	var changes []Change
	next := first + seed%(last-first)
	for _, name := range names {
		if chosen[name] != 0 {
			continue
		}
		port, err := search(next, taken, free)
		if err != nil {
			return nil, nil, fmt.Errorf("choosing a port for %s: %w", name, err)
		}
		chosen[name], taken[port], next = port, true, port
		if had[name] != 0 {
			changes = append(changes, Change{Name: name, Old: had[name], New: port})
		}
	}
	return chosen, changes, nil
}

func search(from int, taken map[int]bool, free func(int) bool) (int, error) {
	for i := range last - first {
		port := first + (from-first+i)%(last-first)
		if !taken[port] && free(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no port between %d and %d is free", first, last)
}
