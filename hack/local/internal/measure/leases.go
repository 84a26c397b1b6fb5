// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// leaseDurations returns the durations of the operator's leases in seconds, by name.
func (m *Measurement) leaseDurations(ctx context.Context) (map[string]int32, error) {
	list := &coordinationv1.LeaseList{}
	if err := m.client.List(ctx, list, client.InNamespace(operator.Namespace)); err != nil {
		return nil, fmt.Errorf("listing the operator's leases: %w", err)
	}
	durations := map[string]int32{}
	for _, lease := range list.Items {
		if lease.Spec.LeaseDurationSeconds != nil {
			durations[lease.Name] = *lease.Spec.LeaseDurationSeconds
		}
	}
	return durations, nil
}
