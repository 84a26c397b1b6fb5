// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the configuration file of the sharder: its types, defaults and validation, and the strict decoder
// that reads it.
//
// It is not an API of the cluster: no API server ever sees these types. What is sharded, ControllerRings say.
//
// +kubebuilder:object:generate=true
// +groupName=config.sharding.timebertt.dev
package v1alpha1
