// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const (
	// takeoversAtATime is how many websites an instance takes over from others at a time. When shards come and go,
	// hundreds change hands at once. Their objects are as they should be but for a label, which can wait; what cannot
	// wait is that the sharder gives the rest of them an owner, and what people change meanwhile. All of these compete
	// for the API server.
	takeoversAtATime = 2

	// shortestTurn is at least what passes between the turns of two websites that wait.
	shortestTurn = 10 * time.Millisecond

	// longestWait is how long a website waits at most before it asks again.
	longestWait = 10 * time.Second
)

// takeovers has websites wait while enough others are being taken over. They get their turns one after the other, about as
// fast as takeovers end, so that most ask once or twice: if all of them asked all the time, they would take an instance with
// little processor time the time to take over anything. The zero value is ready to use.
type takeovers struct {
	lock   sync.Mutex
	active int
	lasts  time.Duration // about how long a takeover lasts; 0 until the first has ended
	last   time.Time     // when the last of those that wait has its turn
}

// begin reports whether a takeover may begin, which has to end then, or else how long it has to wait.
func (t *takeovers) begin(now time.Time) (wait time.Duration, began bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.active < takeoversAtATime {
		t.active++
		return 0, true
	}
	if t.last.Before(now) {
		t.last = now
	}
	t.last = t.last.Add(max(t.lasts/takeoversAtATime, shortestTurn))
	if latest := now.Add(longestWait); t.last.After(latest) {
		t.last = latest
	}
	return t.last.Sub(now), false
}

// end ends a takeover that lasted so long.
func (t *takeovers) end(lasted time.Duration) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.active--
	if t.lasts == 0 {
		t.lasts = lasted
	}
	t.lasts = (t.lasts + lasted) / 2
}

// takesOver reports whether the website's objects have been brought into the wanted form by another instance, and still
// carry its labels, because of which this instance's cache does not show them.
func (r *Reconciler) takesOver(ctx context.Context, s site) (bool, error) {
	status := s.website.Status
	if len(r.ControlledLabels) == 0 || status.Phase != v1alpha1.PhaseReady || status.ObservedGeneration != s.website.Generation {
		return false, nil
	}
	err := r.read(ctx, client.ObjectKey{Namespace: s.website.Namespace, Name: s.serverName}, &corev1.ConfigMap{})
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	return false, err
}
