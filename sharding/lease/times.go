// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"errors"
	"fmt"
	"time"
)

// jitter is how much longer than asked for an elector of client-go waits between two attempts, at most.
const jitter = 1.2

// ValidateTimes returns what is wrong with how long a lease lasts, how long its holder tries to renew it before it gives up,
// and how long that waits between two attempts. The lease has to have time for several attempts, and its holder has to give
// up before others take over.
func ValidateTimes(leaseDuration, renewDeadline, retryPeriod time.Duration) error {
	var errs []error
	if retryPeriod <= 0 {
		errs = append(errs, fmt.Errorf("retry period %s must be positive", retryPeriod))
	}
	if longest := time.Duration(jitter * float64(retryPeriod)); renewDeadline <= longest {
		errs = append(errs, fmt.Errorf("renew deadline %s must be longer than %g times the retry period, %s", renewDeadline, jitter, longest))
	}
	if leaseDuration <= renewDeadline {
		errs = append(errs, fmt.Errorf("lease duration %s must be longer than renew deadline %s", leaseDuration, renewDeadline))
	}
	if leaseDuration%time.Second != 0 {
		errs = append(errs, fmt.Errorf("lease duration %s must be whole seconds", leaseDuration))
	}
	return errors.Join(errs...)
}
