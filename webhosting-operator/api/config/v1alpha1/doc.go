// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the configuration file of the webhosting operator: its types, defaults and validation, and the
// strict decoder that reads it.
//
// It is not an API of the cluster: no API server ever sees these types.
//
// +kubebuilder:object:generate=true
// +groupName=config.webhosting.timebertt.dev
package v1alpha1
