// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// Decode reads one configuration in YAML or JSON and sets the defaults. An unknown field, a key that appears twice,
// another kind or a second document is an error. Beyond their types, the values are not looked at: see Validate.
func Decode(data []byte) (*WebhostingOperatorConfig, error) {
	scheme := runtime.NewScheme()
	utilruntime.Must(AddToScheme(scheme))
	config := &WebhostingOperatorConfig{}
	if err := componentconfig.Decode(data, scheme, config); err != nil {
		return nil, err
	}
	return config, nil
}
