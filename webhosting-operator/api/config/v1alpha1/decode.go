// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Decode reads one configuration in YAML or JSON and sets the defaults. An unknown field, a key that appears twice,
// another kind or a second document is an error. Beyond their types, the values are not looked at: see Validate.
func Decode(data []byte) (*WebhostingOperatorConfig, error) {
	data, err := onlyDocument(data)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(AddToScheme(scheme))
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)

	obj, gvk, err := codecs.UniversalDecoder(GroupVersion).Decode(data, nil, nil)
	switch {
	case runtime.IsNotRegisteredError(err), runtime.IsMissingKind(err), runtime.IsMissingVersion(err):
		got := "neither"
		if gvk != nil && !gvk.Empty() {
			got = fmt.Sprintf("%s and %s", gvk.GroupVersion(), gvk.Kind)
		}
		return nil, fmt.Errorf("expected apiVersion %s and kind WebhostingOperatorConfig, got %s", GroupVersion, got)
	case err != nil:
		return nil, errors.Join(err, badDurations(data).ToAggregate())
	}
	return obj.(*WebhostingOperatorConfig), nil
}

// onlyDocument is needed because the decoder would silently ignore what follows the first document.
func onlyDocument(data []byte) ([]byte, error) {
	var only []byte
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return only, nil
		case err != nil:
			return nil, err
		case len(bytes.TrimSpace(document)) == 0:
			continue
		case only != nil:
			return nil, errors.New("expected one document, got several")
		}
		only = document
	}
}
