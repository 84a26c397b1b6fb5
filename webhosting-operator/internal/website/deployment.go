// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/drift"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
)

// DefaultImage is a web server that runs without privileges.
const DefaultImage = "nginxinc/nginx-unprivileged:1.29"

const (
	containerName = "nginx"
	// configDir is where the website's files are mounted. It replaces the image's own configuration as a whole.
	configDir = "/etc/nginx"
	// userID is the user nginx in the images of nginx.
	userID = 101

	// annotationFiles on the pods is a checksum of the files they serve, so that new files mean new pods.
	annotationFiles = "checksum/files"
)

var (
	cpuRequest    = resource.MustParse("5m")
	memoryRequest = resource.MustParse("16Mi")
	memoryLimit   = resource.MustParse("64Mi")
	tmpSize       = resource.MustParse("16Mi")
)

// deployment runs the website's web server.
func deployment(s site, image string) *appsv1ac.DeploymentApplyConfiguration {
	replicas := int32(1)
	if s.skipWorkload {
		replicas = 0
	}
	return appsv1ac.Deployment(s.serverName, s.website.Namespace).WithSpec(appsv1ac.DeploymentSpec().
		WithReplicas(replicas).
		WithRevisionHistoryLimit(1).
		WithProgressDeadlineSeconds(120).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(selector(s.serverName))).
		// The old pod serves until the new one is ready.
		WithStrategy(appsv1ac.DeploymentStrategy().
			WithType(appsv1.RollingUpdateDeploymentStrategyType).
			WithRollingUpdate(appsv1ac.RollingUpdateDeployment().
				WithMaxSurge(intstr.FromInt32(1)).
				WithMaxUnavailable(intstr.FromInt32(0)))).
		WithTemplate(corev1ac.PodTemplateSpec().
			WithLabels(selector(s.serverName)).
			WithLabels(map[string]string{labelManagedBy: ManagedBy}).
			WithAnnotations(map[string]string{annotationFiles: drift.Checksum(s.files)}).
			WithSpec(podSpec(s, image))))
}

// podSpec meets the restricted Pod Security Standard.
func podSpec(s site, image string) *corev1ac.PodSpecApplyConfiguration {
	return corev1ac.PodSpec().
		WithAutomountServiceAccountToken(false).
		// A namespace full of websites is a namespace full of Services, too many for a pod's environment.
		WithEnableServiceLinks(false).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithRunAsUser(userID).
			WithRunAsGroup(userID).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithContainers(container(image)).
		WithVolumes(
			corev1ac.Volume().WithName("config").WithConfigMap(corev1ac.ConfigMapVolumeSource().WithName(s.serverName)),
			corev1ac.Volume().WithName("tmp").WithEmptyDir(corev1ac.EmptyDirVolumeSource().WithSizeLimit(tmpSize)),
		)
}

func container(image string) *corev1ac.ContainerApplyConfiguration {
	return corev1ac.Container().
		WithName(containerName).
		WithImage(image).
		// The image's entry point would try to edit its configuration.
		WithCommand("nginx", "-e", "stderr", "-p", configDir, "-c", page.NginxConf, "-g", "daemon off;").
		WithPorts(corev1ac.ContainerPort().WithName(portName).WithContainerPort(page.Port).WithProtocol(corev1.ProtocolTCP)).
		WithResources(corev1ac.ResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceCPU: cpuRequest, corev1.ResourceMemory: memoryRequest}).
			// No limit on the CPU: it would slow nginx down where there is room.
			WithLimits(corev1.ResourceList{corev1.ResourceMemory: memoryLimit})).
		// nginx takes some milliseconds to start. Without this, visitors would see a change only after the next look at readiness.
		WithStartupProbe(probe(1).WithFailureThreshold(60)).
		WithReadinessProbe(probe(5)).
		WithLivenessProbe(probe(20)).
		WithSecurityContext(corev1ac.SecurityContext().
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))).
		WithVolumeMounts(
			corev1ac.VolumeMount().WithName("config").WithMountPath(configDir).WithReadOnly(true),
			corev1ac.VolumeMount().WithName("tmp").WithMountPath("/tmp"),
		)
}

func probe(periodSeconds int32) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithHTTPGet(corev1ac.HTTPGetAction().WithPath(page.HealthPath).WithPort(intstr.FromString(portName))).
		WithPeriodSeconds(periodSeconds).
		WithTimeoutSeconds(2).
		WithFailureThreshold(3)
}
