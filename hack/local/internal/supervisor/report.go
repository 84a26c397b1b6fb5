// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package supervisor

import (
	"slices"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// reportInstance replaces what the status says about an instance.
func (s *Supervisor) reportInstance(instance InstanceStatus) {
	err := s.report(func(status *Status) {
		i := slices.IndexFunc(status.Instances, func(other InstanceStatus) bool { return other.Name == instance.Name })
		if i < 0 {
			status.Instances = append(status.Instances, instance)
			slices.SortFunc(status.Instances, func(a, b InstanceStatus) int { return strings.Compare(a.Name, b.Name) })
			return
		}
		status.Instances[i] = instance
	})
	if err != nil {
		s.Log.Error("Cannot report", "error", err)
	}
}

// report changes the status, and writes it where others read it.
func (s *Supervisor) report(change func(*Status)) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change(&s.status)
	return statefile.Write(s.Folder.status(), s.status)
}
