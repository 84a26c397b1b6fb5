// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

// warmUp are requests of each kind that do not count: connections are made, and caches of the API server filled.
const warmUp = 100

// admission measures what the webhook adds to requests while nothing else goes on.
func (m *Measurement) admission(ctx context.Context, result *Report, _ bringup.Before) error {
	prober, err := m.newProber(ctx)
	if err != nil {
		return err
	}
	if _, err := prober.send(ctx, warmUp); err != nil {
		return err
	}
	probes, err := prober.send(ctx, m.Requests)
	if err != nil {
		return err
	}
	admission := admissionOf(probes)
	m.say("    the webhook adds %s (p50), %s (p99)", milliseconds(admission.AddedP50), milliseconds(admission.AddedP99))
	result.Admission = &admission
	return nil
}
