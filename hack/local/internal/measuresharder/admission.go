// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

// warmUp are requests of each kind that do not count: connections are made, and caches of the API server filled.
const warmUp = 100

// admission measures what the webhook adds to requests while nothing else goes on, by itself and together with the policies
// on labels.
func (m *Measurement) admission(ctx context.Context, result *Report, _ bringup.Before) error {
	prober, err := m.newProber(ctx)
	if err != nil {
		return err
	}
	if err := exempt(ctx, m.client, protection); err != nil {
		return err
	}
	if result.Admission, err = m.probe(ctx, prober); err != nil {
		return err
	}
	m.say("    the webhook adds %s (p50), %s (p99)", milliseconds(result.Admission.AddedP50), milliseconds(result.Admission.AddedP99))
	if err := oblige(ctx, m.client, protection); err != nil {
		return err
	}
	result.Protected, err = m.probe(ctx, prober)
	return err
}

// probe sends requests after a pause, by which the API server has seen which policies there are.
func (m *Measurement) probe(ctx context.Context, prober *prober) (*Admission, error) {
	if err := m.pause(ctx, calm); err != nil {
		return nil, err
	}
	if _, err := prober.send(ctx, warmUp); err != nil {
		return nil, err
	}
	probes, err := prober.send(ctx, m.Requests)
	if err != nil {
		return nil, err
	}
	return new(admissionOf(probes)), nil
}
