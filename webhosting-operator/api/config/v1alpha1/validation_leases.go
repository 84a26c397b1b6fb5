// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

func validateLeaderElection(c *componentconfig.LeaderElection, mode ShardingMode, path *field.Path) field.ErrorList {
	errs := c.Validate(path)
	if mode.RunsSharder() && !ptr.Deref(c.LeaderElect, true) {
		errs = append(errs, field.Invalid(path.Child("leaderElect"), false,
			"must be true in this sharding mode, since two sharders would work against each other"))
	}
	return errs
}

func validateSharding(c *WebhostingOperatorConfig, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch c.Sharding.Mode {
	case ShardingModeNone, ShardingModeBoth, ShardingModeSharder, ShardingModeShard:
	default:
		errs = append(errs, field.NotSupported(path.Child("mode"), c.Sharding.Mode,
			[]ShardingMode{ShardingModeNone, ShardingModeBoth, ShardingModeSharder, ShardingModeShard}))
	}
	errs = append(errs, validateShardName(c, path.Child("shardName"))...)
	errs = append(errs, c.Sharding.LeaseTimes.Validate(path)...)
	if timeout := c.Sharding.DrainTimeout.Duration; timeout <= 0 {
		errs = append(errs, field.Invalid(path.Child("drainTimeout"), timeout.String(), "must be greater than zero"))
	}
	return errs
}

// validateShardName accepts what is both the name of a Lease and the value of a label. An empty name is accepted, since
// the program replaces it by the host's.
func validateShardName(c *WebhostingOperatorConfig, path *field.Path) field.ErrorList {
	name := c.Sharding.ShardName
	if name == "" {
		return nil
	}
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Subdomain(name) {
		errs = append(errs, field.Invalid(path, name, msg))
	}
	if len(name) > validation.LabelValueMaxLength {
		errs = append(errs, field.TooLong(path, name, validation.LabelValueMaxLength))
	}
	if name == c.LeaderElection.ResourceName {
		errs = append(errs, field.Invalid(path, name,
			"must differ from leaderElection.resourceName, since both name a Lease in the same namespace"))
	}
	return errs
}
