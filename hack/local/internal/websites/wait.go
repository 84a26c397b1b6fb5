// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package websites

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// pollInterval is how often Wait looks.
	pollInterval = 200 * time.Millisecond
	// progressInterval is the least time between two reports of progress.
	progressInterval = time.Second
)

// Result is how the websites were when Wait returned.
type Result struct {
	// Websites are all websites of the cluster.
	Websites []Website
	// Unsettled tells, by the key of a website, why it has not come to rest.
	Unsettled map[string]string
}

// Wait waits until the websites of these keys have come to rest among the shards for the time of calm, or until the
// context ends; it is an error only if the websites could not be looked at. Progress is called when the number of settled websites
// changed, but not more often than people can read.
func Wait(ctx context.Context, c client.Client, keys, shards []string, calm time.Duration, progress func(settled int)) (Result, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	last, told, settledSince := -1, time.Time{}, time.Time{}
	var result Result
	for {
		all, err := List(ctx, c)
		if err != nil && ctx.Err() != nil && result.Unsettled != nil {
			return result, nil
		}
		if err != nil {
			return Result{}, err
		}
		result = Result{Websites: all, Unsettled: unsettled(all, keys, shards)}
		settled := len(keys) - len(result.Unsettled)
		if settled != last && (settled == len(keys) || time.Since(told) >= progressInterval) {
			last, told = settled, time.Now()
			progress(settled)
		}
		switch {
		case len(result.Unsettled) > 0:
			settledSince = time.Time{}
		case settledSince.IsZero():
			settledSince = time.Now()
		}
		if !settledSince.IsZero() && time.Since(settledSince) >= calm {
			return result, nil
		}
		select {
		case <-ctx.Done():
			return result, nil
		case <-ticker.C:
		}
	}
}

func unsettled(all []Website, keys, shards []string) map[string]string {
	found := make(map[string]Website, len(all))
	for _, website := range all {
		found[website.Key()] = website
	}
	reasons := map[string]string{}
	for _, key := range keys {
		website, ok := found[key]
		if !ok {
			// Deleted by somebody, which is their right.
			continue
		}
		if reason := website.Unsettled(shards); reason != "" {
			reasons[key] = reason
		}
	}
	return reasons
}
