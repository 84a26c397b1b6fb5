// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// createdAtOnce bounds the requests that create ConfigMaps side by side.
const createdAtOnce = 16

// Creation is a ConfigMap that was created.
type Creation struct {
	Key string
	// Sent is when the request was sent, and Answered when the API server had answered it.
	Sent, Answered time.Time
	// Assigned holds if the object was assigned by then: by the webhook.
	Assigned bool
}

// Keys returns the keys of ConfigMaps, which are their names, from one number until before another.
func Keys(from, until int) []string {
	keys := make([]string, 0, max(until-from, 0))
	for i := from; i < until; i++ {
		keys = append(keys, fmt.Sprintf("object-%05d", i))
	}
	return keys
}

// Fill creates ConfigMaps: so many a second, or as fast as it can within bounds if the rate is 0.
func (r *Ring) Fill(ctx context.Context, keys []string, rate int) ([]Creation, error) {
	var mutex sync.Mutex
	creations := make([]Creation, 0, len(keys))
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(createdAtOnce)
	due := func() bool { return running.Err() == nil }
	if rate > 0 {
		ticker := r.clock.NewTicker(time.Second / time.Duration(rate))
		defer ticker.Stop()
		due = func() bool {
			select {
			case <-running.Done():
				return false
			case <-ticker.C():
				return true
			}
		}
	}
	for _, key := range keys {
		if !due() {
			break
		}
		group.Go(func() error {
			creation, err := r.create(running, key)
			if err != nil {
				return err
			}
			mutex.Lock()
			defer mutex.Unlock()
			creations = append(creations, creation)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return creations, err
	}
	if len(creations) < len(keys) {
		return creations, fmt.Errorf("creating ConfigMaps: %w", ctx.Err())
	}
	return creations, nil
}

func (r *Ring) create(ctx context.Context, key string) (Creation, error) {
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: key, Labels: marked},
		Data:       map[string]string{"key": key},
	}
	sent := r.clock.Now()
	if err := r.client.Create(ctx, object); err != nil {
		return Creation{}, fmt.Errorf("creating the ConfigMap %s: %w", key, err)
	}
	_, assigned := object.Labels[shardingv1alpha1.LabelShard(r.Name)]
	return Creation{Key: key, Sent: sent, Answered: r.clock.Now(), Assigned: assigned}, nil
}
