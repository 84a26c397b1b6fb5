// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

const (
	portName    = "http"
	servicePort = 80
)

// service makes the website's pods reachable in the cluster.
func service(s site) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(s.serverName, s.website.Namespace).WithSpec(corev1ac.ServiceSpec().
		WithType(corev1.ServiceTypeClusterIP).
		WithSelector(selector(s.serverName)).
		WithPorts(corev1ac.ServicePort().
			WithName(portName).
			WithProtocol(corev1.ProtocolTCP).
			WithPort(servicePort).
			WithTargetPort(intstr.FromString(portName))))
}
