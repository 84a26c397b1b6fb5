// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// configMap holds the files that the website's nginx serves and is configured by.
func configMap(s site) *corev1ac.ConfigMapApplyConfiguration {
	return corev1ac.ConfigMap(s.serverName, s.website.Namespace).WithData(s.files)
}
