// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the public contract between sharders, shards and the people who install them: the kind
// ControllerRing, and the labels by which sharders and shards understand each other. It is the contract that existing
// sharded controllers speak, so a shard may be written in any language.
//
// It is not a place for behaviour: what the labels mean is decided in the packages lease and plan.
//
// +kubebuilder:object:generate=true
// +groupName=sharding.timebertt.dev
package v1alpha1
