// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
)

const (
	group = "webhosting.timebertt.dev"
	// labelMeasure marks what a measurement makes, so that nothing else is ever removed.
	labelMeasure = group + "/measure"

	projectPrefix = "measure-"

	projects = 20
	themes   = 5
	// createdAtOnce bounds the requests that create websites side by side.
	createdAtOnce = 16
)

// keysOf returns the keys of the websites that a measurement makes, spread over its projects in turn.
func keysOf(count int) []string {
	keys := make([]string, 0, count)
	for i := range count {
		keys = append(keys, fmt.Sprintf("%s/website-%05d", projectName(i%projects), i))
	}
	return keys
}

func projectName(i int) string { return fmt.Sprintf("%s%02d", projectPrefix, i) }
func themeName(i int) string   { return fmt.Sprintf("measure-%d", i) }

// surroundings returns the projects and the themes.
func surroundings() []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for i := range projects {
		objects = append(objects, object("v1", "Namespace", "", projectName(i), map[string]any{
			labelMeasure: "true", group + "/project": "true", "pod-security.kubernetes.io/enforce": "restricted",
		}, nil))
	}
	colors := []string{"#0f766e", "#b45309", "#1d4ed8", "#9f1239", "#4d7c0f"}
	for i := range themes {
		objects = append(objects, object(group+"/v1alpha1", "Theme", "", themeName(i), map[string]any{labelMeasure: "true"},
			map[string]any{"color": colors[i], "fontFamily": "sans-serif"}))
	}
	return objects
}

func website(key string, theme int) *unstructured.Unstructured {
	namespace, name := split(key)
	return object(group+"/v1alpha1", "Website", namespace, name, map[string]any{
		labelMeasure: "true", group + "/skip-workload": "true",
	}, map[string]any{"theme": themeName(theme)})
}

func object(apiVersion, kind, namespace, name string, labels, spec map[string]any) *unstructured.Unstructured {
	metadata := map[string]any{"name": name, "labels": labels}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	content := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
	if spec != nil {
		content["spec"] = spec
	}
	return &unstructured.Unstructured{Object: content}
}

// populate creates the websites as fast as it can within bounds, and returns how long each creation took.
func (m *Measurement) populate(ctx context.Context, keys []string) ([]time.Duration, error) {
	var mutex sync.Mutex
	var durations []time.Duration
	creations, ctx := errgroup.WithContext(ctx)
	creations.SetLimit(createdAtOnce)
	for i, key := range keys {
		creations.Go(func() error {
			begin := m.Clock.Now()
			if err := m.client.Create(ctx, website(key, i%themes)); err != nil {
				return fmt.Errorf("creating the website %s: %w", key, err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			durations = append(durations, m.Clock.Since(begin))
			return nil
		})
	}
	return durations, creations.Wait()
}

// surround makes the projects and themes.
func (m *Measurement) surround(ctx context.Context) error {
	return manifests.Apply(ctx, m.client, surroundings())
}

func newList(apiVersion, kind string) *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(apiVersion)
	list.SetKind(kind + "List")
	return list
}

var marked = client.MatchingLabels{labelMeasure: "true"}
