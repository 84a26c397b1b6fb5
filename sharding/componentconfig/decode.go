// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Decode reads one configuration in YAML or JSON into an empty one of the scheme's kinds, and sets the defaults that the
// scheme knows. An unknown field, a key that appears twice, another kind or a second document is an error. Beyond their
// types, the values are not looked at.
func Decode(data []byte, scheme *runtime.Scheme, into runtime.Object) error {
	kinds, _, err := scheme.ObjectKinds(into)
	if err != nil {
		return err
	}
	data, err = onlyDocument(data)
	if err != nil {
		return err
	}
	if err := checkKind(data, kinds[0]); err != nil {
		return err
	}
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	if err := runtime.DecodeInto(codecs.UniversalDecoder(kinds[0].GroupVersion()), data, into); err != nil {
		return errors.Join(err, badDurations(data).ToAggregate())
	}
	return nil
}

// checkKind is needed because the decoder takes a document without a kind for one of the wanted kind.
func checkKind(data []byte, kind schema.GroupVersionKind) error {
	var got metav1.TypeMeta
	if err := yaml.Unmarshal(data, &got); err != nil {
		return err
	}
	want := metav1.TypeMeta{APIVersion: kind.GroupVersion().String(), Kind: kind.Kind}
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
