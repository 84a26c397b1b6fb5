// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package queue asks Prometheus how long websites wait in the queues of the operator's instances.
package queue

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// query is for a window in seconds. The workqueue's buckets are powers of ten, so that the result says exactly whether
// it is above 1 s, and little more.
const query = `histogram_quantile(0.99, sum by (le) (increase(workqueue_queue_duration_seconds_bucket{name="website"}[%ds])))`

// reconciles is for a window in seconds.
const reconciles = `sum(increase(controller_runtime_reconcile_total{controller="website"}[%ds]))`

// Prometheus scrapes the operator's instances.
type Prometheus struct {
	api prometheusv1.API
}

// New returns the Prometheus at an address like "http://127.0.0.1:9090". It is not asked anything yet.
func New(address string) (*Prometheus, error) {
	if u, err := url.Parse(address); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is no address of a Prometheus: it is like http://127.0.0.1:9090", address)
	}
	client, err := api.NewClient(api.Config{Address: address})
	if err != nil {
		return nil, fmt.Errorf("reaching Prometheus: %w", err)
	}
	return &Prometheus{api: prometheusv1.NewAPI(client)}, nil
}

// there is whether the metric is there at all.
const there = `count(workqueue_queue_duration_seconds_count{name="website"})`

// Check returns an error if Prometheus does not answer, or knows nothing about the queues.
func (p *Prometheus) Check(ctx context.Context) error {
	_, err := p.ask(ctx, there, time.Time{})
	return err
}

// P99 returns the 99th percentile, in seconds, of the time in the queues within a window that ends at a time.
func (p *Prometheus) P99(ctx context.Context, end time.Time, window time.Duration) (float64, error) {
	value, err := p.ask(ctx, fmt.Sprintf(query, int(math.Ceil(window.Seconds()))), end)
	if err == nil && math.IsNaN(value) {
		err = fmt.Errorf("nothing was in the queues within the last %s", window)
	}
	return value, err
}

// Reconciles returns about how many websites were taken from the queues within the last window.
func (p *Prometheus) Reconciles(ctx context.Context, window time.Duration) (float64, error) {
	return p.ask(ctx, fmt.Sprintf(reconciles, int(math.Ceil(window.Seconds()))), time.Time{})
}

// ask returns the answer to a query that has one value; the zero time is now.
func (p *Prometheus) ask(ctx context.Context, query string, at time.Time) (float64, error) {
	value, _, _, err := p.api.Query(ctx, query, at)
	if err != nil {
		return 0, fmt.Errorf("asking Prometheus for the time in the queues: %w", err)
	}
	vector, ok := value.(model.Vector)
	if !ok || len(vector) != 1 {
		return 0, errors.New("there is nothing in Prometheus about the time in the queues: does it scrape the operator's instances?")
	}
	return float64(vector[0].Value), nil
}
