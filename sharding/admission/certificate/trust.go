// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"sync"
)

// trust is the CA bundle, and who wants to know of it.
type trust struct {
	mu       sync.Mutex
	bundle   []byte
	onChange []func()
}

// CABundle implements Source.
func (t *trust) CABundle() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bundle
}

// OnChange implements Source.
func (t *trust) OnChange(call func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onChange = append(t.onChange, call)
}

func (t *trust) set(bundle []byte) {
	t.mu.Lock()
	changed := !bytes.Equal(t.bundle, bundle)
	t.bundle = bundle
	onChange := t.onChange
	t.mu.Unlock()
	if changed {
		for _, call := range onChange {
			call()
		}
	}
}
