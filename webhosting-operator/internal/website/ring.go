// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// Ring declares what the instances of a sharded operator divide among themselves: the Websites, each with all that it
// controls. Themes are everybody's.
func Ring() sharding.Ring {
	return sharding.Ring{
		Name:  ManagedBy,
		Kinds: []sharding.Kind{{Main: &v1alpha1.Website{}, Controlled: ControlledKinds()}},
	}
}
