// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package capacity searches for the highest load that a system bears: it says which load to try next, from what became
// of those before. It tries nothing by itself.
package capacity

// Search first multiplies the load until it is too much (or, if the first was too much, divides it until it is not), and
// then halves the distance between what was borne and what was not. It expects that what bears a load bears all lower
// ones. A load is too much only if it was so twice in a row: a pause of something else can make one measurement bad, but
// nothing makes one good.
type Search struct {
	// Start is the load that is tried first, and Limit the highest that is ever tried; above 0.
	Start, Limit float64
	// Growth is the factor from one load to the next in the beginning; above 1.
	Growth float64
	// Precision is how near the two ends must be, as a part of the upper one; above 0.
	Precision float64
	// Least is the load below which nothing is tried; above 0.
	Least float64

	held, failed float64
	// doubted is the load that was too much once, a moment ago; 0 if there is none.
	doubted float64
}

// Next returns the load to try next; false if the search is over.
func (s *Search) Next() (float64, bool) {
	switch {
	case s.doubted > 0:
		return s.doubted, true
	case s.held == 0 && s.failed == 0:
		return min(s.Start, s.Limit), true
	case s.failed == 0:
		return min(s.held*s.Growth, s.Limit), s.held < s.Limit
	case s.held == 0:
		return s.failed / s.Growth, s.failed/s.Growth >= s.Least
	default:
		return (s.held + s.failed) / 2, s.failed-s.held > s.Precision*s.failed
	}
}

// Tried takes in whether a load was borne.
func (s *Search) Tried(load float64, held bool) {
	confirmed := s.doubted > 0
	s.doubted = 0
	switch {
	case held:
		s.held = max(s.held, load)
	case !confirmed:
		s.doubted = load
	case s.failed == 0 || load < s.failed:
		s.failed = load
	}
}

// Capacity returns the highest load that was borne, 0 if none was, and whether a load not much higher was tried and was
// too much.
func (s *Search) Capacity() (load float64, conclusive bool) {
	return s.held, s.failed > 0 && (s.held == 0 || s.failed-s.held <= s.Precision*s.failed)
}
