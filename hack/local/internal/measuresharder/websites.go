// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/measure"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Websites is what happened when a shard joined the operator.
type Websites struct {
	// Report is that of the command measure.
	measure.Report
	// Requests are those that the sharder sent to the API server from the begin of a scenario to its end, by the scenario.
	Requests map[string]int `json:"requests"`
	// Rebalancing is how long requests took while websites moved; nil if nothing was probed.
	Rebalancing *Admission `json:"rebalancing"`
}

// websites has the command measure do what it does with shards that join, and looks at it as a witness. It ends by bringing
// back what ran before.
func (m *Measurement) websites(ctx context.Context, result *Report, before bringup.Before) error {
	err := m.within(ctx, func(ctx context.Context) error { return m.cluster.Clear(ctx) })
	if err != nil {
		return err
	}
	prober, err := m.newProber(ctx)
	if err != nil {
		return err
	}
	scenarios := []measure.Scenario{{Event: measure.Join}, {Event: measure.Join, Probed: true}}
	if m.Churn > 0 {
		scenarios = append(scenarios, measure.Scenario{Event: measure.Join, Churn: true})
	}
	witness := &witness{Measurement: m, prober: prober, requestsOf: map[string]int{}}
	measurement := &measure.Measurement{
		Checkout: m.Checkout, Clock: m.Clock, Progress: m.Progress, Websites: m.Websites, Shards: m.Shards,
		Setups: []operator.Mode{operator.Dedicated}, Scenarios: scenarios, Churn: m.Churn, Seed: 1, Timeout: m.Timeout,
		Witness: witness, Before: &before,
	}
	report, err := measurement.Run(ctx)
	result.Websites = &Websites{Report: report, Requests: witness.requestsOf, Rebalancing: witness.rebalancing}
	return err
}

// witness counts the sharder's requests, and sends probes where the scenario says so.
type witness struct {
	*Measurement
	prober      *prober
	requestsOf  map[string]int
	rebalancing *Admission

	scenario measure.Scenario
	before   int
	stop     func() ([]probe, error)
}

// Begins implements [measure.Witness].
func (w *witness) Begins(ctx context.Context, scenario measure.Scenario) error {
	w.scenario, w.stop = scenario, nil
	var err error
	if w.before, err = w.requests(ctx); err != nil {
		return err
	}
	if !scenario.Probed {
		return nil
	}
	if _, err := w.prober.send(ctx, warmUp); err != nil {
		return err
	}
	w.stop = w.prober.start(ctx)
	return nil
}

// Placed implements [measure.Witness].
func (w *witness) Placed(context.Context) error {
	if w.stop == nil {
		return nil
	}
	probes, err := w.stop()
	if err != nil {
		return fmt.Errorf("probing while websites move: %w", err)
	}
	admission := admissionOf(probes)
	w.rebalancing = &admission
	return nil
}

// Ended implements [measure.Witness].
func (w *witness) Ended(ctx context.Context) error {
	after, err := w.requests(ctx)
	if err != nil {
		return err
	}
	w.requestsOf[w.scenario.String()] = after - w.before
	return nil
}
