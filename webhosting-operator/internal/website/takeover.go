// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const (
	// takeoversAtATime is how many websites an instance takes over from others at a time. When shards come and go,
	// hundreds change hands at once. Their objects are as they should be but for a label, which can wait; what cannot
	// wait is that the sharder gives the rest of them an owner, and what people change meanwhile. All of these compete
	// for the API server.
	takeoversAtATime = 2

	// takeoverDelay is about how long a website waits before it is tried whether another takeover has come to an end.
	takeoverDelay = 200 * time.Millisecond
)

// takeovers counts those that are under way. The zero value is ready to use.
type takeovers struct {
	active atomic.Int32
}

// begin returns false if there are enough of them already. Each that began has to end.
func (t *takeovers) begin() bool {
	if t.active.Add(1) > takeoversAtATime {
		t.end()
		return false
	}
	return true
}

func (t *takeovers) end() { t.active.Add(-1) }

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

// untilNextTakeover varies, so that the websites that wait do not all come back at once.
func untilNextTakeover() time.Duration { return wait.Jitter(takeoverDelay/2, 1) }
