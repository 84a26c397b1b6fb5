// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drive

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// site is a website as the driver left it.
type site struct {
	key   types.NamespacedName
	theme string
}

// roster is the websites that nobody is at, in the order in which it is their turn. The zero value is empty.
type roster struct {
	mutex sync.Mutex
	sites []site
}

// put adds a website, whose turn is after all others'.
func (r *roster) put(s site) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.sites = append(r.sites, s)
}

// next takes the website out whose turn it is; false if there is none.
func (r *roster) next() (site, bool) {
	return r.take(func(int) int { return 0 })
}

// take takes the website out that is chosen by its number, which is below the number of websites.
func (r *roster) take(choose func(below int) int) (site, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.sites) == 0 {
		return site{}, false
	}
	i := choose(len(r.sites))
	chosen := r.sites[i]
	if i == 0 {
		r.sites = r.sites[1:]
	} else {
		r.sites = slices.Delete(r.sites, i, i+1)
	}
	return chosen, true
}

func (r *roster) len() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.sites)
}
