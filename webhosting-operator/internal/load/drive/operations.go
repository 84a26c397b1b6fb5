// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drive

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/observe"
)

// fillAtOnce bounds the requests of Fill, which is to be done soon but not to overwhelm anybody.
const fillAtOnce = 16

var errNoWebsite = errors.New("there is no website")

// Fill creates so many websites, as fast as it can within bounds. They count as no load.
func (d *Driver) Fill(ctx context.Context, count int, progress func()) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fillAtOnce)
	for range count {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := d.create(ctx); err != nil {
				return err
			}
			progress()
			return nil
		})
	}
	return group.Wait()
}

func (d *Driver) create(ctx context.Context) error {
	website := d.population.Website(int(d.created.Add(1) - 1))
	key := types.NamespacedName{Namespace: website.Namespace, Name: website.Name}
	sent := d.clock.Now()
	generation, err := d.cluster.CreateWebsite(ctx, website)
	if err != nil {
		return fmt.Errorf("creating the website %s: %w", key, err)
	}
	d.changed(observe.Change{Key: key.String(), Generation: generation, Sent: sent})
	d.roster.put(site{key: key, theme: website.Spec.Theme})
	return nil
}

func (d *Driver) delete(ctx context.Context) error {
	taken, ok := d.roster.take(d.below)
	if !ok {
		return errNoWebsite
	}
	if err := d.cluster.DeleteWebsite(ctx, taken.key); err != nil {
		d.roster.put(taken)
		return fmt.Errorf("deleting the website %s: %w", taken.key, err)
	}
	return nil
}

// change changes the website whose last change, or creation, was the longest ago.
func (d *Driver) change(ctx context.Context) error {
	taken, ok := d.roster.next()
	if !ok {
		return errNoWebsite
	}
	// It is back only after the answer, so that no two requests for it are under way, and it is not deleted meanwhile.
	defer func() { d.roster.put(taken) }()
	theme := d.otherTheme(taken.theme)
	sent := d.clock.Now()
	generation, err := d.cluster.ChangeWebsite(ctx, taken.key, theme)
	if err != nil {
		return fmt.Errorf("changing the website %s: %w", taken.key, err)
	}
	taken.theme = theme
	d.changed(observe.Change{Key: taken.key.String(), Generation: generation, Sent: sent})
	return nil
}

func (d *Driver) changeTheme(ctx context.Context) error {
	theme := d.below(d.population.Themes)
	d.randomMutex.Lock()
	d.looks[theme]++
	spec := d.population.Look(theme, d.looks[theme])
	d.randomMutex.Unlock()
	name := d.population.ThemeName(theme)
	if err := d.cluster.ChangeTheme(ctx, name, spec); err != nil {
		return fmt.Errorf("changing the theme %s: %w", name, err)
	}
	return nil
}

func (d *Driver) otherTheme(current string) string {
	for {
		if name := d.population.ThemeName(d.below(d.population.Themes)); name != current {
			return name
		}
	}
}

// below returns a random number below n.
func (d *Driver) below(n int) int {
	d.randomMutex.Lock()
	defer d.randomMutex.Unlock()
	return d.random.IntN(n)
}
