// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// durationKeys are the keys of all fields that hold a duration, in any of the files.
var durationKeys = sets.New("leaseDuration", "renewDeadline", "retryPeriod", "drainTimeout", "checkPeriod")

// badDurations finds the fields of a configuration whose value is no duration. The decoder refuses them as well, but
// without a word about where they are.
func badDurations(data []byte) field.ErrorList {
	var document map[string]any
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil
	}
	return badDurationsIn(document, nil)
}

func badDurationsIn(object map[string]any, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch value := object[key].(type) {
		case map[string]any:
			errs = append(errs, badDurationsIn(value, path.Child(key))...)
		case string:
			if !durationKeys.Has(key) {
				continue
			}
			if _, err := time.ParseDuration(value); err != nil {
				errs = append(errs, field.Invalid(path.Child(key), value, `must be a duration such as "15s" or "1m30s"`))
			}
		}
	}
	return errs
}
