// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// Checksum returns the SHA-256, in hexadecimal, of what a Secret holds. It is that of the data as kubectl prints them:
//
//	kubectl get secret NAME --output json | jq --compact-output --sort-keys --join-output '.data // {}' | sha256sum
func Checksum(data map[string][]byte) (string, error) {
	if data == nil {
		data = map[string][]byte{}
	}
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("encoding the data of a Secret: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// reducedKey is a key that no Secret of the API server has.
const reducedKey = ""

// Reduce puts the checksum of a Secret in the place of all that it holds. It is for caches, so that secrets never stay in
// memory. Other objects, and a Secret that is reduced already, are returned as they are.
func Reduce(object any) (any, error) {
	secret, ok := object.(*corev1.Secret)
	if !ok {
		return object, nil
	}
	if _, reduced := secret.Data[reducedKey]; reduced {
		return secret, nil
	}
	checksum, err := Checksum(secret.Data)
	if err != nil {
		return nil, err
	}
	secret.Data = map[string][]byte{reducedKey: []byte(checksum)}
	secret.StringData, secret.Annotations, secret.ManagedFields = nil, nil, nil // kubectl apply keeps a copy in an annotation
	return secret, nil
}
