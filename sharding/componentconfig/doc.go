// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package componentconfig holds what the configuration files of this project's programs have in common: the parts that
// are the same in each, their defaults and validation, and the strict decoder.
//
// The types follow the conventions of k8s.io/component-base/config/v1alpha1. They are not those types, since a field that
// a program would ignore has no place in its configuration file. It is not a place for what only one program has.
//
// +kubebuilder:object:generate=true
package componentconfig
