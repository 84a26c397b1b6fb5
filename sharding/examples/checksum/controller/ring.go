// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

// LabelEnabled is the label by which a namespace asks for checksums of its Secrets. Its value is "true".
const LabelEnabled = "checksums.sharding.timebertt.dev/enabled"

// Ring is what the controller reconciles, what that controls, and where. config/ring.yaml says the same to a sharder of its
// own.
var Ring = sharding.Ring{
	Name:       "checksums",
	Kinds:      []sharding.Kind{{Main: &corev1.Secret{}, Controlled: []client.Object{&corev1.ConfigMap{}}}},
	Namespaces: &metav1.LabelSelector{MatchLabels: map[string]string{LabelEnabled: "true"}},
}

// CacheOptions are those that the controller needs.
func CacheOptions() cache.Options {
	return cache.Options{ByObject: map[client.Object]cache.ByObject{&corev1.Secret{}: {Transform: Reduce}}}
}
