// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	removeInterval = 500 * time.Millisecond
	// removeTimeout is far more than 1,000 websites take.
	removeTimeout = 10 * time.Minute
)

// errForeign is returned if a namespace has the name of one of the measurement's, and is not its own.
var errForeign = errors.New("this namespace was not made by a measurement, and is in its way: delete or rename it")

// remove deletes the websites, projects and themes of this or an earlier measurement, and returns when they are gone.
func (m *Measurement) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	left, err := m.leftovers(ctx)
	if err != nil || left == 0 {
		return err
	}
	m.say("removing %d namespaces with what is in them", left)
	ticker := m.Clock.NewTicker(removeInterval)
	defer ticker.Stop()
	for {
		if left, err = m.leftovers(ctx); err != nil {
			return err
		}
		if left == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %d namespaces are gone: %w", left, ctx.Err())
		case <-ticker.C():
		}
	}
	for i := range themes {
		theme := object(group+"/v1alpha1", "Theme", "", themeName(i), nil, nil)
		if err := client.IgnoreNotFound(m.client.Delete(ctx, theme)); err != nil {
			return fmt.Errorf("removing the theme %s: %w", theme.GetName(), err)
		}
	}
	return nil
}

// leftovers returns how many namespaces of a measurement there are, and has those deleted that are not yet.
func (m *Measurement) leftovers(ctx context.Context) (int, error) {
	list := newList("v1", "Namespace")
	if err := m.client.List(ctx, list, marked); err != nil {
		return 0, fmt.Errorf("listing the namespaces of an earlier measurement: %w", err)
	}
	deletions, ctx := errgroup.WithContext(ctx)
	deletions.SetLimit(createdAtOnce)
	for i := range list.Items {
		if list.Items[i].GetDeletionTimestamp() != nil {
			continue
		}
		deletions.Go(func() error { return client.IgnoreNotFound(m.client.Delete(ctx, &list.Items[i])) })
	}
	if err := deletions.Wait(); err != nil {
		return 0, fmt.Errorf("removing a namespace: %w", err)
	}
	return len(list.Items), nil
}

// refuseForeign fails if a namespace is in the way that no measurement made.
func (m *Measurement) refuseForeign(ctx context.Context) error {
	list := newList("v1", "Namespace")
	if err := m.client.List(ctx, list); err != nil {
		return fmt.Errorf("listing the namespaces: %w", err)
	}
	names := map[string]bool{}
	for i := range projects {
		names[projectName(i)] = true
	}
	for i := range list.Items {
		namespace := &list.Items[i]
		if names[namespace.GetName()] && namespace.GetLabels()[labelMeasure] == "" {
			return fmt.Errorf("%s: %w", namespace.GetName(), errForeign)
		}
	}
	return nil
}
