// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package websites

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// unlabelAtOnce bounds the requests that Unlabel sends side by side.
const unlabelAtOnce = 16

// ForgetShards removes what shards leave behind, where none of them is left: their leases, and the labels that say which
// website belongs to which of them. It returns how many websites had any.
func ForgetShards(ctx context.Context, c client.Client) (int, error) {
	err := c.DeleteAllOf(ctx, &coordinationv1.Lease{}, client.InNamespace(operator.Namespace),
		client.MatchingLabels{operator.LabelRing: operator.Name})
	if err != nil {
		return 0, fmt.Errorf("removing the leases of shards: %w", err)
	}
	return unlabel(ctx, c)
}

func unlabel(ctx context.Context, c client.Client) (int, error) {
	all, err := List(ctx, c)
	if err != nil {
		return 0, err
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"labels": map[string]any{operator.LabelShard: nil, operator.LabelDrain: nil}},
	})
	if err != nil {
		return 0, fmt.Errorf("taking off labels: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(unlabelAtOnce)
	count := 0
	for _, website := range all {
		if website.Shard == "" && !website.Draining {
			continue
		}
		count++
		group.Go(func() error {
			object := &unstructured.Unstructured{}
			object.SetGroupVersionKind(kind)
			object.SetNamespace(website.Namespace)
			object.SetName(website.Name)
			return client.IgnoreNotFound(c.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch)))
		})
	}
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("taking off labels: %w", err)
	}
	return count, nil
}
