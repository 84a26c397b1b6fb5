// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	shardLabelA = "shard.alpha.sharding.timebertt.dev/ring-a"
	drainLabelA = "drain.alpha.sharding.timebertt.dev/ring-a"
	shardLabelB = "shard.alpha.sharding.timebertt.dev/ring-b"
	drainLabelB = "drain.alpha.sharding.timebertt.dev/ring-b"
	ringLabel   = "alpha.sharding.timebertt.dev/controllerring"

	namespace = "default"
)

// widget returns a main object whose name begins with the prefix, with the labels, which are keys and values in turn.
func widget(prefix string, labels ...string) *unstructured.Unstructured {
	object := objectOf(schema.GroupVersionKind{Group: "test.dev", Version: "v1", Kind: "Widget"}, prefix, labels...)
	object.Object["spec"] = map[string]any{"size": int64(1)}
	return object
}

func configMap(prefix string, labels ...string) *unstructured.Unstructured {
	return objectOf(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, prefix, labels...)
}

func deployment(prefix string, labels ...string) *unstructured.Unstructured {
	object := objectOf(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, prefix, labels...)
	object.Object["spec"] = map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "test"}},
		"template": map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "test"}},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "test", "image": "test"}}},
		},
	}
	return object
}

func ingress(prefix string, labels ...string) *unstructured.Unstructured {
	object := objectOf(schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}, prefix, labels...)
	object.Object["spec"] = map[string]any{"defaultBackend": map[string]any{
		"service": map[string]any{"name": "test", "port": map[string]any{"number": int64(80)}},
	}}
	return object
}

// lease returns the lease of a shard of the ring; of none if it is empty.
func lease(ring string) *unstructured.Unstructured {
	object := objectOf(schema.GroupVersionKind{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"}, "shard-")
	if ring != "" {
		object.SetLabels(map[string]string{ringLabel: ring})
	}
	return object
}

func objectOf(gvk schema.GroupVersionKind, prefix string, labels ...string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(gvk)
	object.SetNamespace(namespace)
	object.SetGenerateName(prefix)
	if len(labels) > 0 {
		all := map[string]string{}
		for i := 0; i < len(labels); i += 2 {
			all[labels[i]] = labels[i+1]
		}
		object.SetLabels(all)
	}
	return object
}

// create creates the object as the admin, who may set all labels.
func create(ctx context.Context, object *unstructured.Unstructured) *unstructured.Unstructured {
	GinkgoHelper()
	Expect(admin.Create(ctx, object)).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(client.IgnoreNotFound(admin.Delete(ctx, object))).To(Succeed()) })
	return object
}

// labelsNow returns the object's labels at the API server.
func labelsNow(ctx context.Context, object *unstructured.Unstructured) map[string]string {
	GinkgoHelper()
	fresh := &unstructured.Unstructured{}
	fresh.SetGroupVersionKind(object.GroupVersionKind())
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), fresh)).To(Succeed())
	return fresh.GetLabels()
}

// setLabel sets the label by a patch; a nil value removes it.
func setLabel(ctx context.Context, c client.Client, object *unstructured.Unstructured, label string, value any, options ...client.PatchOption) error {
	return setLabels(ctx, c, object, map[string]any{label: value}, options...)
}

func setLabels(ctx context.Context, c client.Client, object *unstructured.Unstructured, labels map[string]any, options ...client.PatchOption) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return err
	}
	return c.Patch(ctx, object.DeepCopy(), client.RawPatch(types.MergePatchType, patch), options...)
}

func keyOf(object *unstructured.Unstructured) client.ObjectKey {
	return client.ObjectKeyFromObject(object)
}
