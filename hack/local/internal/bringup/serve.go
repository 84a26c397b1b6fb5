// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import "context"

// Serve brings up the cluster and the operator, and leaves the samples as they are. It returns when the operator's
// instances are ready.
func (u *Up) Serve(ctx context.Context) error {
	if err := u.cluster(ctx); err != nil {
		return err
	}
	return u.operator(ctx)
}
