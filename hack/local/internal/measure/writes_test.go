// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
)

const operatorName = "system:serviceaccount:webhosting-system:webhosting-operator"

func write(when time.Time, by, verb, resource, name string, code int) audit.Write {
	w := audit.Write{Time: when, By: by, User: operatorName, Verb: verb, Resource: resource, Object: name, Code: code}
	if by == "sharder" {
		w.By, w.Sharder = "webhosting-operator", true
	}
	return w
}

func TestCountWrites(t *testing.T) {
	g := NewWithT(t)
	person := audit.Write{Time: at(2), By: "kubectl", User: "admin", Verb: "create", Resource: "websites", Object: "measure-00/a", Code: 409}

	counted := countWrites([]audit.Write{
		write(at(0), "s-1", "patch", "websites/status", "measure-00/a", 200), // too early
		write(at(1), "s-1", "patch", "websites/status", "measure-00/a", 200),
		write(at(2), "s-2", "patch", "websites/status", "measure-00/b", 409),
		write(at(2), "s-2", "patch", "websites/status", "measure-00/b", 403),
		write(at(2), "s-2", "patch", "websites/status", "project-garden/b", 409), // somebody else's
		write(at(2), "s-2", "update", "leases", "webhosting-system/s-2", 200),
		write(at(3), "sharder", "patch", "websites", "measure-00/a", 200),
		write(at(3), "sharder", "patch", "websites", "measure-00/a", 409),
		person,
		write(at(9), "s-1", "patch", "websites/status", "measure-00/a", 200), // too late
	}, at(1), at(3))

	g.Expect(counted).To(Equal(Writes{
		Operator: 5, Conflicts: 2, OtherRefusals: 1, SharderOnWebsites: 2,
		Kinds: []WriteKind{
			{By: "shards", Verb: "patch", Resource: "websites/status", Count: 3, Refused: map[int]int{409: 1, 403: 1}},
			{By: "sharder", Verb: "patch", Resource: "websites", Count: 2, Refused: map[int]int{409: 1}},
			{By: "others", Verb: "create", Resource: "websites", Count: 1, Refused: map[int]int{409: 1}},
		},
	}))
	g.Expect(counted.ConflictShare()).To(BeNumerically("~", 0.4))
	g.Expect(Writes{}.ConflictShare()).To(BeZero())
}

func TestCountWritesOfASharderApart(t *testing.T) {
	g := NewWithT(t)
	apart := audit.Write{
		Time: at(2), By: "sharder", User: "system:serviceaccount:sharding-system:sharder", Verb: "patch", Resource: "websites",
		Object: "measure-00/a", Code: 200,
	}
	counted := countWrites([]audit.Write{apart, write(at(2), "s-1", "patch", "websites", "measure-00/a", 200)}, at(1), at(3))
	g.Expect(counted.Operator).To(Equal(2))
	g.Expect(counted.SharderOnWebsites).To(Equal(1))
	g.Expect(counted.Kinds).To(ContainElement(WriteKind{By: "sharder", Verb: "patch", Resource: "websites", Count: 1}))
}

func TestTakeover(t *testing.T) {
	all := func(when time.Time, by string, resources ...string) []audit.Write {
		var writes []audit.Write
		for _, resource := range resources {
			writes = append(writes, write(when, by, "patch", resource, "measure-00/a-123abc", 200))
		}
		return writes
	}
	moved := map[string]string{"measure-00/a": "s-2"}
	for name, test := range map[string]struct {
		writes   []audit.Write
		expected Takeover
	}{
		"nothing yet":         {expected: Takeover{Missing: 1}},
		"by the old owner":    {writes: all(at(2), "s-1", controlledResources...), expected: Takeover{Missing: 1}},
		"before it all began": {writes: all(at(0), "s-2", controlledResources...), expected: Takeover{Missing: 1}},
		"a part":              {writes: all(at(2), "s-2", "services", "ingresses"), expected: Takeover{Last: at(2), Missing: 1}},
		"all, in any order, and then again": {
			writes: append(append(all(at(5), "s-2", "configmaps", "deployments"), all(at(3), "s-2", "ingresses", "services", "deployments")...),
				all(at(6), "s-2", "configmaps")...),
			expected: Takeover{Last: at(5)},
		},
		"refused at first": {
			writes: append(all(at(4), "s-2", controlledResources...),
				write(at(2), "s-2", "patch", "services", "measure-00/a-123abc", 409)),
			expected: Takeover{Last: at(4)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(takeoverOf(test.writes, moved, at(1), at(9))).To(Equal(test.expected))
		})
	}
}

func lease(when time.Time, by, name, credential string, code int) audit.Write {
	w := write(when, by, "update", "leases", "webhosting-system/"+name, code)
	w.Credential = credential
	return w
}

func TestLeader(t *testing.T) {
	g := NewWithT(t)
	writes := []audit.Write{
		lease(at(1), "s-1", "s-1", "one", 200),
		lease(at(1), "s-2", "s-2", "two", 200),
		lease(at(2), "sharder", "webhosting-operator", "one", 200),
		lease(at(2), "sharder", "webhosting-operator", "two", 409),
		lease(at(3), "sharder", "s-2", "one", 200), // acquires a shard's lease
	}
	shard, renewed := leaderOf(writes)
	g.Expect(shard).To(Equal("s-1"))
	g.Expect(renewed).To(Equal(at(2)))
	g.Expect(newLeaderAt(writes, "s-1", at(1.5))).To(BeZero())

	writes = append(writes, lease(at(4), "sharder", "webhosting-operator", "two", 200))
	shard, _ = leaderOf(writes)
	g.Expect(shard).To(Equal("s-2"))
	g.Expect(newLeaderAt(writes, "s-1", at(1.5))).To(Equal(at(4)))

	shard, _ = leaderOf(nil)
	g.Expect(shard).To(BeEmpty())
}

func TestLeaseWrite(t *testing.T) {
	g := NewWithT(t)
	writes := []audit.Write{
		lease(at(1), "s-1", "s-1", "one", 409),
		lease(at(2), "s-1", "s-1", "one", 200),
		lease(at(3), "s-2", "s-2", "two", 200),
		lease(at(4), "s-1", "s-1", "one", 200),
		lease(at(5), "sharder", "s-1", "two", 200),
	}
	g.Expect(leaseWrite(writes, "s-1", false)).To(Equal(at(2)))
	g.Expect(leaseWrite(writes, "s-1", true)).To(Equal(at(4)))
	g.Expect(leaseWrite(writes, "s-3", true)).To(BeZero())
}
