// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Decode reads one configuration in YAML or JSON and sets the defaults. An unknown field, a key that appears twice,
// another kind or a second document is an error. Beyond their types, the values are not looked at: see Validate.
func Decode(data []byte) (*WebhostingOperatorConfig, error) {
	data, err := onlyDocument(data)
	if err != nil {
		return nil, err
	}
	if err := checkKind(data); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(AddToScheme(scheme))
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)

	config := &WebhostingOperatorConfig{}
	if err := runtime.DecodeInto(codecs.UniversalDecoder(GroupVersion), data, config); err != nil {
		return nil, errors.Join(err, badDurations(data).ToAggregate())
	}
	return config, nil
}

// checkKind is needed because the decoder takes a document without a kind for one of the wanted kind.
func checkKind(data []byte) error {
	var got metav1.TypeMeta
	if err := yaml.Unmarshal(data, &got); err != nil {
		return err
	}
	want := metav1.TypeMeta{APIVersion: GroupVersion.String(), Kind: "WebhostingOperatorConfig"}
	if got != want {
		return fmt.Errorf("expected apiVersion %q and kind %q, got %q and %q", want.APIVersion, want.Kind, got.APIVersion, got.Kind)
	}
	return nil
}

// onlyDocument is needed because the decoder would silently ignore what follows the first document. A document of
// nothing but comments is none.
func onlyDocument(data []byte) ([]byte, error) {
	var only []byte
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return only, nil
		case err != nil:
			return nil, err
		}
		var content any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, err
		}
		switch {
		case content == nil:
		case only != nil:
			return nil, errors.New("expected one document, got several")
		default:
			only = document
		}
	}
}
