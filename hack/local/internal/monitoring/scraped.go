// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

const (
	scrapedLimit = 2 * time.Minute
	// scrapedTwice are the instances that answered at least twice lately, and the last time: how fast their counters rise
	// is known from then on.
	scrapedTwice = "up == 1 and sum_over_time(up[1m]) >= 2"
)

// WaitScraped waits until Prometheus knows from every instance how fast its counters rise, so that nothing is missing of
// what is measured next.
func WaitScraped(ctx context.Context, c checkout.Checkout) error {
	prometheus, err := URL(c)
	if err != nil {
		return err
	}
	var groups []struct{ Labels map[string]string }
	if err := statefile.Read(path(c, "targets.json"), &groups); err != nil {
		return err
	}
	var wanted []string
	for _, group := range groups {
		wanted = append(wanted, group.Labels["instance"])
	}
	ctx, cancel := context.WithTimeout(ctx, scrapedLimit)
	defer cancel()
	return waitScraped(ctx, prometheus, wanted)
}

func waitScraped(ctx context.Context, prometheus string, wanted []string) error {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	missing, failure := wanted, error(nil)
	for {
		known, err := instancesOf(ctx, prometheus, scrapedTwice)
		if ctx.Err() == nil { // else the answer says nothing
			missing, failure = slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(known, name) }), err
		}
		if failure == nil && len(missing) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			if failure != nil {
				return fmt.Errorf("asking Prometheus whom it scrapes: %w", failure)
			}
			return fmt.Errorf("waiting until Prometheus scrapes %s: %w", strings.Join(missing, ", "), ctx.Err())
		case <-ticker.C:
		}
	}
}

// instancesOf returns the label instance of whatever the query returns.
func instancesOf(ctx context.Context, prometheus, query string) ([]string, error) {
	address := prometheus + "/api/v1/query?" + url.Values{"query": {query}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", response.Status)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("reading its answer: %w", err)
	}
	var names []string
	for _, result := range answer.Data.Result {
		names = append(names, result.Metric["instance"])
	}
	return names, nil
}
