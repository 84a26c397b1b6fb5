// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package websites looks at the websites of the cluster, and waits for them.
package websites

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// kind is that of websites.
var kind = schema.GroupVersionKind{Group: "webhosting.timebertt.dev", Version: "v1alpha1", Kind: "Website"}

// pageSize is how many websites are asked for at once.
const pageSize = 1000

// Website is what people want to know about a website.
type Website struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Theme     string `json:"theme"`
	// Phase is empty until the operator saw the website.
	Phase string `json:"phase"`
	// Shard is empty if the website is not assigned.
	Shard string `json:"shard,omitempty"`
	// Draining holds while the shard is asked to let the website go.
	Draining bool `json:"draining,omitempty"`
	// Current holds if the phase is about the website as it is specified now.
	Current bool `json:"current"`
	// Message is the one of the condition Ready.
	Message string `json:"message,omitempty"`
}

// Path is where the website is served.
func (w Website) Path() string { return "/" + w.Namespace + "/" + w.Name }

// Key tells websites apart.
func (w Website) Key() string { return w.Namespace + "/" + w.Name }

// List returns all websites of the cluster in the order of their names.
func List(ctx context.Context, c client.Client) ([]Website, error) {
	var all []Website
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind)
	for {
		err := c.List(ctx, list, client.Limit(pageSize), client.Continue(list.GetContinue()))
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			return nil, nil // there can be none in a cluster that does not know them
		}
		if err != nil {
			return nil, fmt.Errorf("listing the websites: %w", err)
		}
		for i := range list.Items {
			all = append(all, from(&list.Items[i]))
		}
		if list.GetContinue() == "" {
			return all, nil
		}
	}
}

// IsWebsite holds for objects that are websites.
func IsWebsite(object *unstructured.Unstructured) bool {
	return object.GetKind() == "Website"
}

func from(object *unstructured.Unstructured) Website {
	website := Website{
		Namespace: object.GetNamespace(),
		Name:      object.GetName(),
		Shard:     object.GetLabels()[operator.LabelShard],
	}
	_, website.Draining = object.GetLabels()[operator.LabelDrain]
	website.Theme, _, _ = unstructured.NestedString(object.Object, "spec", "theme")
	website.Phase, _, _ = unstructured.NestedString(object.Object, "status", "phase")
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	website.Current = observed == object.GetGeneration()
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, item := range conditions {
		if fields, ok := item.(map[string]any); ok && fields["type"] == "Ready" {
			website.Message, _ = fields["message"].(string)
		}
	}
	return website
}

// Unsettled returns why the website has not come to rest yet, or an empty text if it has: it is Ready as it is
// specified now and, if there are shards, it belongs to one of them.
func (w Website) Unsettled(shards []string) string {
	switch {
	case w.Phase == "":
		return "nobody has worked on it yet"
	case !w.Current:
		return "its last change has not been worked on yet"
	case w.Phase != "Ready" && w.Message != "":
		return w.Phase + ": " + w.Message
	case w.Phase != "Ready":
		return w.Phase
	case len(shards) == 0:
		return ""
	case w.Shard == "":
		return "it is not assigned to a shard"
	case w.Draining:
		return "it is about to move away from " + w.Shard
	case !slices.Contains(shards, w.Shard):
		return "it is assigned to " + w.Shard + ", which does not run"
	default:
		return ""
	}
}
