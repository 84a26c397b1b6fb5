// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// observedWithin is how long a Deployment's controller may take to see a change before that is worth a status write.
// Usually it takes some milliseconds, and writing each time that the website is Pending would double the status writes
// for a change, and the more so the busier everything is.
const observedWithin = 2 * time.Second

// forgottenAfter is when a wait that nobody has ended is forgotten: another instance took the website over meanwhile.
const forgottenAfter = 10 * time.Minute

// waiting remembers since when websites have been waiting for the controller of their Deployment. It does not outlive
// the process, which costs a website another two seconds at most. The zero value is ready to use.
type waiting struct {
	lock  sync.Mutex
	since map[types.NamespacedName]time.Time
	swept time.Time
}

// left returns how much of observedWithin is left for a website. The wait begins with the first call.
func (w *waiting) left(website types.NamespacedName, now time.Time) time.Duration {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.since == nil {
		w.since = map[types.NamespacedName]time.Time{}
	}
	since, ok := w.since[website]
	if !ok {
		w.sweep(now)
		w.since[website], since = now, now
	}
	return observedWithin - now.Sub(since)
}

// end ends the wait of a website, if there is one.
func (w *waiting) end(website types.NamespacedName) {
	w.lock.Lock()
	defer w.lock.Unlock()
	delete(w.since, website)
}

// sweep forgets old waits, now and then.
func (w *waiting) sweep(now time.Time) {
	if now.Sub(w.swept) < forgottenAfter {
		return
	}
	w.swept = now
	maps.DeleteFunc(w.since, func(_ types.NamespacedName, since time.Time) bool { return now.Sub(since) >= forgottenAfter })
}
