// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

const (
	operatorUser = "system:serviceaccount:" + operator.Namespace + ":" + operator.Name
	// sharderUser is the sharder where it runs apart.
	sharderUser = "system:serviceaccount:" + sharder.Namespace + ":" + sharder.Name
)

// The ones who write.
const (
	byShards  = "shards"
	bySharder = "sharder"
	byOthers  = "others"
)

// WriteKind is the requests of one kind, and how often they were sent.
type WriteKind struct {
	// By is shards (an instance that works on websites, also the only one), sharder or others.
	By       string `json:"by"`
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Count    int    `json:"count"`
	// Refused are those among them that the API server refused, by code.
	Refused map[int]int `json:"refused,omitempty"`
}

// Writes is what was written to the measurement's websites and what belongs to them, within some time.
type Writes struct {
	// Operator counts all writes of the operator, refused ones too: those of the shards and of the sharder, also where it
	// runs apart.
	Operator int `json:"operator"`
	// Conflicts are those among them that were refused with 409.
	Conflicts int `json:"conflicts"`
	// OtherRefusals are those among them that were refused with any other code.
	OtherRefusals int `json:"otherRefusals"`
	// SharderOnWebsites are the sharder's writes to websites.
	SharderOnWebsites int         `json:"sharderOnWebsites"`
	Kinds             []WriteKind `json:"kinds"`
}

// ConflictShare is the share of the operator's writes that were refused with 409; 0 if there were no writes.
func (w Writes) ConflictShare() float64 {
	if w.Operator == 0 {
		return 0
	}
	return float64(w.Conflicts) / float64(w.Operator)
}

// author returns who sent the request.
func author(write audit.Write) string {
	switch {
	case write.User == sharderUser:
		return bySharder
	case write.User != operatorUser:
		return byOthers
	case write.Sharder:
		return bySharder
	default:
		return byShards
	}
}

// countWrites counts the requests about anything in the measurement's projects that were received from one moment until
// another.
func countWrites(writes []audit.Write, from, until time.Time) Writes {
	type kind struct{ by, verb, resource string }
	kinds := map[kind]*WriteKind{}
	var total Writes
	for _, write := range writes {
		if write.Time.Before(from) || write.Time.After(until) || !strings.HasPrefix(write.Object, projectPrefix) {
			continue
		}
		k := kind{author(write), write.Verb, write.Resource}
		counted := kinds[k]
		if counted == nil {
			counted = &WriteKind{By: k.by, Verb: k.verb, Resource: k.resource}
			kinds[k] = counted
		}
		counted.Count++
		refused := write.Code >= http.StatusBadRequest
		if refused {
			if counted.Refused == nil {
				counted.Refused = map[int]int{}
			}
			counted.Refused[write.Code]++
		}
		if k.by == byOthers {
			continue
		}
		total.Operator++
		switch {
		case write.Code == http.StatusConflict:
			total.Conflicts++
		case refused:
			total.OtherRefusals++
		}
		if k.by == bySharder && write.Resource == "websites" {
			total.SharderOnWebsites++
		}
	}
	for _, counted := range kinds {
		total.Kinds = append(total.Kinds, *counted)
	}
	slices.SortFunc(total.Kinds, func(a, b WriteKind) int {
		return cmp.Or(
			-strings.Compare(a.By, b.By), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Verb, b.Verb))
	})
	return total
}
