// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stock is what a Secret holds: pairs, the oldest first. What to do with it is a function of the stock and the time, so
// all replicas come to the same end without having to agree on it.
//
// A new pair is made when a third of the last one's lifetime remains. From then on API servers are told to trust it, and
// only after another ninetieth of the lifetime it is served with; the old one stays trusted until it expires. So whatever
// a replica serves with is trusted, even if a replica or the leader is late.
type stock struct {
	pairs []pair
	rules rules
}

// rules are what all replicas have in common.
type rules struct {
	hosts    []string
	lifetime time.Duration
}

// parseStock returns the pairs of a Secret that have not expired, and leaves out all else.
func parseStock(data map[string][]byte, rules rules, now time.Time) stock {
	s := stock{rules: rules}
	for _, content := range data {
		if p, err := parsePair(content); err == nil && now.Before(p.leaf.NotAfter) {
			s.pairs = append(s.pairs, p)
		}
	}
	slices.SortFunc(s.pairs, func(a, b pair) int {
		if order := a.leaf.NotBefore.Compare(b.leaf.NotBefore); order != 0 {
			return order
		}
		return bytes.Compare(a.pem, b.pem) // two that were made within a second
	})
	return s
}

// data returns what to write into a Secret.
func (s stock) data() map[string][]byte {
	data := map[string][]byte{}
	for i, p := range s.pairs {
		data[strings.Join([]string{p.made().UTC().Format("20060102T150405Z"), strconv.Itoa(i), "pem"}, ".")] = p.pem
	}
	return data
}

// suitable returns the pairs that are for all hosts of this replica. Others may belong to replicas of another version.
func (s stock) suitable() []pair {
	return slices.DeleteFunc(slices.Clone(s.pairs), func(p pair) bool { return !p.covers(s.rules.hosts) })
}

// serving returns the pair to serve with, and false if there is none.
func (s stock) serving(now time.Time) (pair, bool) {
	suitable := s.suitable()
	if len(suitable) == 0 {
		return pair{}, false
	}
	serving := suitable[0] // with nothing before it, there is nobody to wait for
	for _, p := range suitable {
		if !now.Before(s.known(p)) {
			serving = p
		}
	}
	return serving, true
}

// known returns when all API servers know the pair's CA.
func (s stock) known(p pair) time.Time { return p.made().Add(s.rules.lifetime / 90) }

// bundle returns the CA certificates to trust, in PEM.
func (s stock) bundle() []byte {
	var bundle []byte
	for _, p := range s.pairs {
		bundle = append(bundle, p.ca...)
	}
	return bundle
}

// renewal returns when a new pair has to be made.
func (s stock) renewal() time.Time {
	suitable := s.suitable()
	if len(suitable) == 0 {
		return time.Time{}
	}
	last := suitable[len(suitable)-1].leaf
	return last.NotAfter.Add(-s.rules.lifetime / 3)
}

// next returns when to look again: when another pair is served with, or a new one has to be made.
func (s stock) next(now time.Time) time.Time {
	next := s.renewal()
	for _, p := range s.pairs {
		if known := s.known(p); now.Before(known) && known.Before(next) {
			next = known
		}
	}
	return next
}

// renewed returns the stock with a new pair.
func (s stock) renewed(now time.Time) (stock, error) {
	p, err := newPair(s.rules.hosts, now, s.rules.lifetime)
	if err != nil {
		return stock{}, err
	}
	return stock{pairs: append(slices.Clone(s.pairs), p), rules: s.rules}, nil
}
