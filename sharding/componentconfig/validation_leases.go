// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/tools/leaderelection"
)

// Validate returns what is wrong with an election whose defaults are set. The namespace may be empty, since the program
// replaces it by that of its pod.
func (c *LeaderElection) Validate(path *field.Path) field.ErrorList {
	errs := c.LeaseTimes.Validate(path)
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

// Validate checks what client-go's elector requires, so that it is reported with the field's name, and before
// the program touches the cluster.
func (t *LeaseTimes) Validate(path *field.Path) field.ErrorList {
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
