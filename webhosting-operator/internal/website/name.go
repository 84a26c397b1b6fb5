// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// Labels that the operator sets on the objects that it controls, and by which it finds them.
const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelManagedBy = "app.kubernetes.io/managed-by"

	// ManagedBy is the value of the label app.kubernetes.io/managed-by on all objects that the operator controls.
	ManagedBy = "webhosting-operator"
)

// ServerName is the name of all objects that belong to a website: its own name, a hyphen and six hexadecimal digits
// that depend on its UID, so that a website never meets the leftovers of a namesake. It is a valid DNS label as long as
// the website's name has at most 56 characters, which the API server sees to.
func ServerName(website *v1alpha1.Website) string {
	sum := sha256.Sum256([]byte(website.UID))
	return website.Name + "-" + hex.EncodeToString(sum[:3])
}

// selector returns the labels by which a website's Service and Deployment find its pods. They must never change, since
// a Deployment's selector cannot.
func selector(serverName string) map[string]string {
	return map[string]string{labelName: "nginx", labelInstance: serverName}
}
