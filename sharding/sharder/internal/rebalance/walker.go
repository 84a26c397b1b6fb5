// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rebalance

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/settle"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

const (
	// pageSize bounds how many objects are in memory at a time: two pages, one being written and one being listed.
	pageSize = 500

	// firstPageSize is smaller, so that the first objects are written while the others are listed.
	firstPageSize = 100
)

// walker pages through objects and hands each to who settles objects of its kind. It remembers none of them.
type walker struct {
	client      client.Client // not cached
	problems    *problems.Tracker
	concurrency int
	settle      map[schema.GroupVersionKind]settle.Func
}

// walk is what to walk over.
type walk struct {
	kind     schema.GroupVersionKind
	selector client.ListOption
	// selects says whether objects of the namespace are looked at. Nil: of all.
	selects func(namespace string) bool
	// mustStop is asked after each page whether to stop there. Nil: never.
	mustStop func() bool
}

// tour is what came of a walk.
type tour struct {
	found, written, waiting int
	stopped                 bool
	took                    time.Duration
}

// pause is how long to wait before the same objects are walked over again: long enough for others to do something, and in
// a large ring long enough that the walks do not take up all of the time.
func (t tour) pause() time.Duration { return max(time.Second, 4*t.took) }

// walk settles all matching objects, page by page. An object that fails does not keep the others from being settled. While
// the objects of a page are settled, the next page is listed.
func (w *walker) walk(ctx context.Context, walk walk) (tour, error) {
	var result tour
	var listing errgroup.Group
	pages := make(chan []metav1.PartialObjectMetadata)
	listing.Go(func() (err error) {
		defer close(pages)
		result.stopped, err = w.list(ctx, walk, pages)
		return err
	})

	var count [settle.Waiting + 1]atomic.Int64
	var settling errgroup.Group
	settling.SetLimit(w.concurrency)
	found := 0
	for page := range pages {
		for i := range page {
			object := &page[i]
			if walk.selects != nil && !walk.selects(object.Namespace) {
				continue
			}
			object.SetGroupVersionKind(walk.kind)
			found++
			settling.Go(func() error {
				outcome, err := w.settle[walk.kind](ctx, object)
				count[outcome].Add(1)
				return err
			})
		}
	}
	err := errors.Join(listing.Wait(), settling.Wait()) // the objects that failed are found again by the next try
	result.found, result.written, result.waiting = found, int(count[settle.Written].Load()), int(count[settle.Waiting].Load())
	return result, err
}

// list sends one page after the other. It returns whether it stopped because it had to.
func (w *walker) list(ctx context.Context, walk walk, pages chan<- []metav1.PartialObjectMetadata) (stopped bool, err error) {
	limit, continueToken := client.Limit(firstPageSize), ""
	for {
		page := scope.ListOf(walk.kind)
		err := w.client.List(ctx, page, walk.selector, limit, client.Continue(continueToken))
		w.problems.Note(walk.kind, "list", err)
		if err != nil {
			return false, fmt.Errorf("listing assigned objects of kind %s: %w", walk.kind.Kind, err)
		}
		pages <- page.Items
		if continueToken = page.Continue; continueToken == "" {
			return false, nil
		}
		if walk.mustStop != nil && walk.mustStop() {
			return true, nil
		}
		limit = pageSize
	}
}
