// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package websites

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Delete deletes all websites of the cluster, each of which is gone when all that belongs to it is. It returns how many
// there were.
func Delete(ctx context.Context, c client.Client) (int, error) {
	all, err := List(ctx, c)
	if err != nil {
		return 0, err
	}
	for _, website := range all {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(kind)
		object.SetNamespace(website.Namespace)
		object.SetName(website.Name)
		err := c.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationForeground))
		if client.IgnoreNotFound(err) != nil {
			return 0, fmt.Errorf("deleting the website %s: %w", website.Key(), err)
		}
	}
	return len(all), nil
}
