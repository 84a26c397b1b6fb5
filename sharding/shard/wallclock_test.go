// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"testing"
	"time"
	"unsafe"
)

// shiftWall returns the time with its wall clock shifted by whole seconds, and its monotonic clock left alone. Package
// time offers no way to get such a time, which a machine gets when its clock is set or when it is suspended.
func shiftWall(t *testing.T, at time.Time, by time.Duration) time.Time {
	t.Helper()
	const nanosecondBits = 30 // see time.Time: below the seconds in its first word
	*(*uint64)(unsafe.Pointer(&at)) += uint64(by/time.Second) << nanosecondBits
	return at
}
