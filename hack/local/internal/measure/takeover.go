// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"net/http"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
)

// suffixLength is the length of what follows the website's name in the names of its objects: a hyphen and six digits.
const suffixLength = 7

// controlledResources are the objects that every website has one of each of.
var controlledResources = []string{"configmaps", "deployments", "ingresses", "services"}

// Takeover tells when websites that moved were worked on by their new owners. A shard writes its label to all objects of
// a website that it takes over, which is how that is seen from outside.
type Takeover struct {
	// Last is when the last object of a website that moved was written by the new owner; zero if none was.
	Last time.Time
	// Missing are the websites whose new owner did not write to all of their objects.
	Missing int
}

// takeoverOf looks for the writes by which the new owners, by the key of each website that moved, took it over.
func takeoverOf(writes []audit.Write, moved map[string]string, from, until time.Time) Takeover {
	first := map[string]map[string]time.Time{}
	for _, write := range writes {
		if write.Time.Before(from) || write.Time.After(until) || write.Code >= http.StatusBadRequest {
			continue
		}
		if len(write.Object) <= suffixLength || write.Sharder {
			continue
		}
		key := write.Object[:len(write.Object)-suffixLength]
		if moved[key] == "" || moved[key] != write.By {
			continue
		}
		if first[key] == nil {
			first[key] = map[string]time.Time{}
		}
		resource, _, _ := strings.Cut(write.Resource, "/")
		if seen, ok := first[key][resource]; !ok || write.Time.Before(seen) {
			first[key][resource] = write.Time
		}
	}
	var takeover Takeover
	for key := range moved {
		complete := true
		for _, resource := range controlledResources {
			at, ok := first[key][resource]
			complete = complete && ok
			if at.After(takeover.Last) {
				takeover.Last = at
			}
		}
		if !complete {
			takeover.Missing++
		}
	}
	return takeover
}
