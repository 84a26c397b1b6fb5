// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the apiVersion of the configuration file.
var GroupVersion = schema.GroupVersion{Group: "config.sharding.timebertt.dev", Version: "v1alpha1"}

// AddToScheme registers the configuration type and its defaults.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &SharderConfig{})
	scheme.AddTypeDefaultingFunc(&SharderConfig{}, func(obj any) {
		SetDefaults(obj.(*SharderConfig))
	})
	return nil
}
