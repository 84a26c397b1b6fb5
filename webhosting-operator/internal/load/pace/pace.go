// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package pace says when something that is done at a rate is due. It is a token bucket that is filled as time passes and
// emptied by whoever asks, and that spills what nobody could take in time: who falls behind does not make up for it with
// a burst later, but knows by how much.
//
// It starts nothing by itself, and does not look at a clock.
package pace

import "time"

// Bucket counts what is due. The zero value is ready to use.
type Bucket struct {
	level float64
}

// Fill takes in that so much time has passed at a rate per second, and returns how often it is due now, and how much of
// that is overdue: more than what falls due within the patience. What is returned is taken out of the bucket.
func (b *Bucket) Fill(passed time.Duration, rate float64, patience time.Duration) (due, overdue int) {
	b.level += rate * passed.Seconds()
	// Thousands of small additions must not make one less of a round number.
	const rounding = 1e-9
	whole := int(b.level + rounding)
	b.level -= float64(whole)
	if most := max(1, int(rate*patience.Seconds()+rounding)); whole > most {
		return most, whole - most
	}
	return whole, 0
}
