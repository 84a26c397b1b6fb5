// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/drift"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// The objects are those of the operator. Defaults are written out where a list is set as a whole, so that an object that
// is as it should be is not updated.

func labels(name string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": "nginx", "app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": "plain"}
}

func selector(name string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": "nginx", "app.kubernetes.io/instance": name}
}

func mutateDeployment(deployment *appsv1.Deployment, site *v1alpha1.Website, files map[string]string) {
	spec := &deployment.Spec
	spec.Replicas = new(int32(1))
	if site.Labels[v1alpha1.LabelSkipWorkload] == "true" {
		spec.Replicas = new(int32(0))
	}
	spec.RevisionHistoryLimit, spec.ProgressDeadlineSeconds = new(int32(1)), new(int32(120))
	spec.Selector = &metav1.LabelSelector{MatchLabels: selector(deployment.Name)}
	spec.Strategy = appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: new(intstr.FromInt32(1)), MaxUnavailable: new(intstr.FromInt32(0)),
		},
	}
	spec.Template.Labels = labels(deployment.Name)
	spec.Template.Annotations = map[string]string{"checksum/files": drift.Checksum(files)}
	mutatePod(&spec.Template.Spec, deployment.Name)
}

func mutatePod(pod *corev1.PodSpec, name string) {
	pod.AutomountServiceAccountToken, pod.EnableServiceLinks = new(false), new(false)
	pod.SecurityContext = &corev1.PodSecurityContext{
		RunAsNonRoot: new(true), RunAsUser: new(int64(101)), RunAsGroup: new(int64(101)),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if len(pod.Containers) != 1 {
		pod.Containers = make([]corev1.Container, 1)
	}
	mutateContainer(&pod.Containers[0])
	pod.Volumes = []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name}, DefaultMode: new(int32(0o644)),
		}}},
		{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("16Mi"))}}},
	}
}

func mutateContainer(c *corev1.Container) {
	c.Name, c.Image = "nginx", website.DefaultImage
	c.Command = []string{"nginx", "-e", "stderr", "-p", "/etc/nginx", "-c", page.NginxConf, "-g", "daemon off;"}
	c.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: page.Port, Protocol: corev1.ProtocolTCP}}
	c.Resources.Requests = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("5m"), corev1.ResourceMemory: resource.MustParse("16Mi"),
	}
	c.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}
	c.ReadinessProbe, c.LivenessProbe = probe(5), probe(20)
	c.SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	c.VolumeMounts = []corev1.VolumeMount{
		{Name: "config", MountPath: "/etc/nginx", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"},
	}
}

func probe(periodSeconds int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: page.HealthPath, Port: intstr.FromString("http"), Scheme: corev1.URISchemeHTTP,
		}},
		PeriodSeconds: periodSeconds, TimeoutSeconds: 2, SuccessThreshold: 1, FailureThreshold: 3,
	}
}

func mutateService(service *corev1.Service) {
	service.Spec.Type, service.Spec.Selector = corev1.ServiceTypeClusterIP, selector(service.Name)
	service.Spec.Ports = []corev1.ServicePort{{
		Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromString("http"),
	}}
}

func mutateIngress(ingress *networkingv1.Ingress, site *v1alpha1.Website) {
	if site.Labels[v1alpha1.LabelSkipWorkload] == "true" {
		ingress.Spec.IngressClassName = new("fake")
	}
	ingress.Spec.Rules = []networkingv1.IngressRule{{IngressRuleValue: networkingv1.IngressRuleValue{
		HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
			Path: "/" + site.Namespace + "/" + site.Name, PathType: new(networkingv1.PathTypePrefix),
			Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
				Name: ingress.Name, Port: networkingv1.ServiceBackendPort{Name: "http"},
			}},
		}}},
	}}}
}
