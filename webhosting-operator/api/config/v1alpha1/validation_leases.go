// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/utils/ptr"
)

func validateLeaderElection(c *LeaderElection, mode ShardingMode, path *field.Path) field.ErrorList {
	errs := validateLeaseTimes(&c.LeaseTimes, path)
	if mode.RunsSharder() && !ptr.Deref(c.LeaderElect, true) {
		errs = append(errs, field.Invalid(path.Child("leaderElect"), false,
			"must be true in this sharding mode, since two sharders would work against each other"))
	}
	for _, msg := range validation.IsDNS1123Subdomain(c.ResourceName) {
		errs = append(errs, field.Invalid(path.Child("resourceName"), c.ResourceName, msg))
	}
	if c.ResourceNamespace != "" {
		for _, msg := range validation.IsDNS1123Label(c.ResourceNamespace) {
			errs = append(errs, field.Invalid(path.Child("resourceNamespace"), c.ResourceNamespace, msg))
		}
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
	errs = append(errs, validateLeaseTimes(&c.Sharding.LeaseTimes, path)...)
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

// validateLeaseTimes checks what client-go's elector requires, so that it is reported with the field's name, and before
// the program touches the cluster.
func validateLeaseTimes(t *LeaseTimes, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	lease, renew, retry := t.LeaseDuration.Duration, t.RenewDeadline.Duration, t.RetryPeriod.Duration

	if lease < time.Second || lease%time.Second != 0 {
		errs = append(errs, field.Invalid(path.Child("leaseDuration"), lease.String(),
			"must be whole seconds and at least 1s, since that is what a Lease can hold"))
	}
	if lease <= renew {
		errs = append(errs, field.Invalid(path.Child("leaseDuration"), lease.String(),
			"must be greater than renewDeadline ("+renew.String()+")"))
	}
	if jittered := time.Duration(leaderelection.JitterFactor * float64(retry)); renew <= jittered {
		errs = append(errs, field.Invalid(path.Child("renewDeadline"), renew.String(),
			"must be greater than 1.2 times retryPeriod ("+jittered.String()+")"))
	}
	if retry <= 0 {
		errs = append(errs, field.Invalid(path.Child("retryPeriod"), retry.String(), "must be greater than zero"))
	}
	return errs
}
