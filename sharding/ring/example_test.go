// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"fmt"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

func ExampleRing_Lookup() {
	three := ring.New("shard-0", "shard-1", "shard-2")
	two := ring.New("shard-0", "shard-2")

	for _, name := range []string{"apple", "banana", "cherry", "date"} {
		key := "webhosting.timebertt.dev/Website/garden/" + name
		fmt.Printf("%s: %s, and without shard-1 %s\n", name, three.Lookup(key), two.Lookup(key))
	}
	// Output:
	// apple: shard-1, and without shard-1 shard-0
	// banana: shard-2, and without shard-1 shard-2
	// cherry: shard-1, and without shard-1 shard-0
	// date: shard-1, and without shard-1 shard-2
}
