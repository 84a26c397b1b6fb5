// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// traffic is a client that asks ten times a second for a page, of one website after the other.
type traffic struct {
	sync.Mutex
	counts
}

type counts struct {
	requests int
	failures []string
}

// patience is how long a visitor waits for a page.
const patience = 10 * time.Second

// allTraffic is that of the whole suite.
var allTraffic traffic

func (t *traffic) count(err error, name string) {
	t.Lock()
	defer t.Unlock()
	t.requests++
	if err != nil {
		t.failures = append(t.failures, fmt.Sprintf("%s %s: %v", time.Now().Format(time.TimeOnly), name, err))
	}
}

func (t *traffic) snapshot() counts {
	t.Lock()
	defer t.Unlock()
	return t.counts
}

// whileVisited does something while the sample websites are asked for their pages, and expects that every request is
// answered with the right page, by the same pods all the while.
func whileVisited(ctx context.Context, what string, do func()) {
	GinkgoHelper()
	websites, err := samples(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(websites).NotTo(BeEmpty())
	pods := websitePods(ctx)
	visiting, stop := context.WithCancel(ctx)
	var seen traffic
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for i := 0; ; i++ {
			select {
			case <-visiting.Done():
				return
			case <-ticker.C:
			}
			site := websites[i%len(websites)]
			group.Go(func() {
				asking, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				html, err := visit(asking, &site, "/")
				if got := lookOf(html); err == nil && got != wantedLook(&site) {
					err = fmt.Errorf("served %v", got)
				}
				seen.count(err, site.Name)
				allTraffic.count(err, site.Name)
			})
		}
	})
	begin := time.Now()
	func() {
		defer group.Wait()
		defer stop()
		do()
	}()
	result := seen.snapshot()
	note(what, "%s, %d requests, %d failed", seconds(begin), result.requests, len(result.failures))
	Expect(result.requests).To(BeNumerically(">", 5))
	Expect(result.failures).To(BeEmpty())
	Expect(websitePods(ctx)).To(Equal(pods))
}
