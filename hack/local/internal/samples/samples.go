// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package samples applies the sample websites, once.
package samples

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// Apply applies the samples unless that happened before: what people did to them since is theirs. It reports whether it
// applied them.
func Apply(ctx context.Context, book applied.Book, objects []*unstructured.Unstructured) (bool, error) {
	name, err := digest(objects)
	if err != nil {
		return false, err
	}
	record, err := book.Read(ctx)
	if err != nil || record.Samples == name {
		return false, err
	}
	if err := manifests.Apply(ctx, book.Client, objects); err != nil {
		return false, err
	}
	return true, book.Change(ctx, func(record *applied.Record) { record.Samples = name })
}

// Websites returns the keys of the websites among the samples.
func Websites(objects []*unstructured.Unstructured) []string {
	var keys []string
	for _, object := range objects {
		if websites.IsWebsite(object) {
			keys = append(keys, object.GetNamespace()+"/"+object.GetName())
		}
	}
	return keys
}

func digest(objects []*unstructured.Unstructured) (string, error) {
	content, err := json.Marshal(objects)
	if err != nil {
		return "", fmt.Errorf("naming the samples: %w", err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:12], nil
}
