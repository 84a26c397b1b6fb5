// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"encoding/json"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Checksum returns 16 hexadecimal digits that depend on every field that an apply configuration sets. It is made to
// notice changes, not to withstand attacks: whoever may write an object may write its checksum too.
func Checksum(desired any) string {
	sum := xxhash.New()
	encoder := json.NewEncoder(sum)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(desired); err != nil {
		panic(fmt.Sprintf("drift: %T cannot be encoded: %v", desired, err))
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}
