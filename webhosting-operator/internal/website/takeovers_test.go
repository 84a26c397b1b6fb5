// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestTakeoversHaveFewAskTwice plays an instance that gets many websites at once, with takeovers that last so long.
func TestTakeoversHaveFewAskTwice(t *testing.T) {
	for _, lasts := range []time.Duration{4 * time.Millisecond, 60 * time.Millisecond, 2 * time.Second} {
		t.Run(lasts.String(), func(t *testing.T) {
			g := NewWithT(t)
			const websites = 300
			var queue takeovers
			start := time.Unix(1_000_000, 0)
			now, asked, most := start, 0, 0
			asks := map[int]time.Time{} // when each website that is left asks
			for website := range websites {
				asks[website] = now
			}
			var ends []time.Time
			for len(asks) > 0 || len(ends) > 0 {
				now = now.Add(time.Millisecond)
				for len(ends) > 0 && !ends[0].After(now) {
					ends = ends[1:]
					queue.end(lasts)
				}
				for website := range websites {
					at, left := asks[website]
					if !left || at.After(now) {
						continue
					}
					asked++
					wait, began := queue.begin(now)
					if !began {
						g.Expect(wait).To(And(BeNumerically(">=", shortestTurn), BeNumerically("<=", longestWait)))
						asks[website] = now.Add(wait)
						continue
					}
					delete(asks, website)
					ends = append(ends, now.Add(lasts))
					most = max(most, len(ends))
				}
			}
			g.Expect(most).To(Equal(takeoversAtATime))
			took, ideal := now.Sub(start), max(websites*lasts/takeoversAtATime, websites*shortestTurn)
			g.Expect(took).To(BeNumerically("<=", ideal+2*longestWait), "there is always somebody who has a turn")
			g.Expect(asked).To(BeNumerically("<=", websites*(3+int(took/longestWait))))
		})
	}
}
