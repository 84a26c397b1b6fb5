// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
)

// lookEvery is how often it is looked what is left.
const lookEvery = time.Second

// Left is how many of the owner's objects are in the cluster.
type Left struct {
	Websites, Themes, Projects int
}

// Total is how many these are together.
func (l Left) Total() int { return l.Websites + l.Themes + l.Projects }

// String writes it for people.
func (l Left) String() string {
	return fmt.Sprintf("%d websites, %d projects and %d themes", l.Websites, l.Projects, l.Themes)
}

func (i Inventory) owned() client.MatchingLabels {
	return client.MatchingLabels{population.LabelGeneratedBy: i.Owner}
}

// Count returns how many of the owner's objects there are.
func (i Inventory) Count(ctx context.Context) (Left, error) {
	var left Left
	for kind, count := range map[schema.GroupVersionKind]*int{websites: &left.Websites, themes: &left.Themes, namespaces: &left.Projects} {
		all, err := i.list(ctx, kind, i.owned())
		if err != nil {
			return left, err
		}
		*count = len(all)
	}
	return left, nil
}

// Delete deletes all of the owner's objects. The projects' namespaces go with all that is in them, and are still going
// when it returns: see WaitGone.
func (i Inventory) Delete(ctx context.Context) error {
	// The websites go first and by themselves, since a namespace is emptied one kind after the other, and the operator
	// would go on working for websites whose objects are going already.
	projects, err := i.list(ctx, namespaces, i.owned())
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, project := range projects {
		group.Go(func() error {
			website := &metav1.PartialObjectMetadata{}
			website.SetGroupVersionKind(websites)
			if err := i.Client.DeleteAllOf(groupCtx, website, client.InNamespace(project.Name), i.owned()); err != nil {
				return fmt.Errorf("deleting the websites of the project %s: %w", project.Name, err)
			}
			if err := client.IgnoreNotFound(i.Client.Delete(groupCtx, &project)); err != nil {
				return fmt.Errorf("deleting the project %s: %w", project.Name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	theme := &metav1.PartialObjectMetadata{}
	theme.SetGroupVersionKind(themes)
	if err := i.Client.DeleteAllOf(ctx, theme, i.owned()); err != nil {
		return fmt.Errorf("deleting the themes: %w", err)
	}
	return nil
}

// WaitGone waits until none of the owner's objects are left. It tells how many are, now and then.
func (i Inventory) WaitGone(ctx context.Context, c clock.WithTicker, progress func(Left)) error {
	ticker := c.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		left, err := i.Count(ctx)
		if err != nil {
			return err
		}
		progress(left)
		if left.Total() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s are still being deleted: %w", left, ctx.Err())
		case <-ticker.C():
		}
	}
}
