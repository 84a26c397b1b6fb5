// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

const (
	// LabelProject with the value "true" marks a namespace as a project: a namespace that is meant to hold websites.
	LabelProject = GroupName + "/project"

	// LabelSkipWorkload with the value "true" on a Website leaves its Deployment without replicas and its Ingress with
	// the class "fake", so that load tests need neither nodes nor an ingress controller. Everything else is reconciled
	// as usual. It may be set and removed at any time; any other value counts as not set.
	LabelSkipWorkload = GroupName + "/skip-workload"

	// AnnotationReconcile on a Website has it reconciled whenever its value changes. The value itself means nothing; a
	// point in time is a good choice.
	AnnotationReconcile = GroupName + "/reconcile"
)
