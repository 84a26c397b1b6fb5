// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package manifests reads, renders and applies manifests.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Render renders a kustomization with kubectl.
func Render(ctx context.Context, kubectl, folder string) ([]*unstructured.Unstructured, error) {
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, kubectl, "kustomize", folder)
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w\n%s", folder, err, bytes.TrimSpace(stderr.Bytes()))
	}
	objects, err := Parse(out)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", folder, err)
	}
	return objects, nil
}

// Parse reads the objects of a stream of YAML documents, in their order. Empty documents are left out.
func Parse(stream []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading manifests: %w", err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// Without returns the objects that are not of the kind, in their order.
func Without(objects []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	var kept []*unstructured.Unstructured
	for _, object := range objects {
		if object.GetKind() != kind {
			kept = append(kept, object)
		}
	}
	return kept
}

// Find returns the object of the kind and name, or nil if there is none.
func Find(objects []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	for _, object := range objects {
		if object.GetKind() == kind && object.GetName() == name {
			return object
		}
	}
	return nil
}
