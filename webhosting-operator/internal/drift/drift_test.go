// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	"k8s.io/utils/ptr"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/drift"
)

func desiredDeployment() *appsv1ac.DeploymentApplyConfiguration {
	return appsv1ac.Deployment("a", "b").
		WithLabels(map[string]string{"app": "a"}).
		WithOwnerReferences(metav1ac.OwnerReference().WithUID("1").WithController(true)).
		WithSpec(appsv1ac.DeploymentSpec().
			WithReplicas(0).
			WithStrategy(appsv1ac.DeploymentStrategy().WithRollingUpdate(
				appsv1ac.RollingUpdateDeployment().WithMaxUnavailable(intstr.FromInt32(0)))).
			WithTemplate(corev1ac.PodTemplateSpec().WithSpec(corev1ac.PodSpec().
				WithAutomountServiceAccountToken(false).
				WithVolumes(corev1ac.Volume().WithName("tmp").WithEmptyDir(corev1ac.EmptyDirVolumeSource())).
				WithContainers(corev1ac.Container().
					WithName("nginx").
					WithCommand("nginx", "-g").
					WithPorts(corev1ac.ContainerPort().WithContainerPort(8080).WithProtocol("TCP")).
					WithResources(corev1ac.ResourceRequirements().
						WithRequests(corev1.ResourceList{"cpu": resource.MustParse("0.1")})).
					WithLivenessProbe(corev1ac.Probe().
						WithHTTPGet(corev1ac.HTTPGetAction().WithPort(intstr.FromString("http")))).
					WithSecurityContext(corev1ac.SecurityContext().
						WithPrivileged(false).
						WithCapabilities(corev1ac.Capabilities().WithDrop("ALL")))))))
}

// liveDeployment is what an API server makes of it.
func liveDeployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "b", Name: "a", UID: "2", ResourceVersion: "3",
			Labels:          map[string]string{"app": "a"},
			OwnerReferences: []metav1.OwnerReference{{UID: "1", Controller: new(true)}},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas:        ptr.To[int32](0),
			MinReadySeconds: 5,
			Strategy: appsv1.DeploymentStrategy{
				Type: "RollingUpdate",
				RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxUnavailable: new(intstr.FromInt32(0)), MaxSurge: new(intstr.FromString("25%")),
				},
			},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				DNSPolicy:                    "ClusterFirst",
				AutomountServiceAccountToken: new(false),
				Volumes:                      []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
				Containers: []corev1.Container{{
					Name:      "nginx",
					Command:   []string{"nginx", "-g"},
					Ports:     []corev1.ContainerPort{{ContainerPort: 8080, Protocol: "TCP"}},
					Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}},
					LivenessProbe: &corev1.Probe{
						ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString("http"), Scheme: "HTTP"}},
						PeriodSeconds: 10,
					},
					SecurityContext: &corev1.SecurityContext{
						Privileged:   new(false),
						Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
					},
				}},
			}},
		},
		Status: appsv1.DeploymentStatus{Replicas: 3},
	}
}

func TestHoldsDeployment(t *testing.T) {
	container := func(d *appsv1.Deployment) *corev1.Container { return &d.Spec.Template.Spec.Containers[0] }
	for name, test := range map[string]struct {
		change func(*appsv1.Deployment)
		holds  bool
	}{
		"nothing but defaults": {func(*appsv1.Deployment) {}, true},
		"a default changed":    {func(d *appsv1.Deployment) { container(d).LivenessProbe.PeriodSeconds = 20 }, true},
		"a label more":         {func(d *appsv1.Deployment) { d.Labels["b"] = "c" }, true},
		"an annotation more":   {func(d *appsv1.Deployment) { d.Annotations = map[string]string{"b": "c"} }, true},
		"an owner more, before": {func(d *appsv1.Deployment) {
			d.OwnerReferences = append([]metav1.OwnerReference{{UID: "9"}}, d.OwnerReferences...)
		}, true},
		"a container more, before": {func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers = append([]corev1.Container{{Name: "a"}}, d.Spec.Template.Spec.Containers...)
		}, true},
		"a port more of the same number": {func(d *appsv1.Deployment) {
			container(d).Ports = append([]corev1.ContainerPort{{ContainerPort: 8080, Protocol: "UDP"}}, container(d).Ports...)
		}, true},
		"a resource more":             {func(d *appsv1.Deployment) { container(d).Resources.Requests["memory"] = resource.MustParse("1") }, true},
		"the same quantity otherwise": {func(d *appsv1.Deployment) { container(d).Resources.Requests["cpu"] = resource.MustParse("0.10") }, true},

		"a label changed":            {func(d *appsv1.Deployment) { d.Labels["app"] = "b" }, false},
		"labels removed":             {func(d *appsv1.Deployment) { d.Labels = nil }, false},
		"owners removed":             {func(d *appsv1.Deployment) { d.OwnerReferences = nil }, false},
		"no controller":              {func(d *appsv1.Deployment) { d.OwnerReferences[0].Controller = nil }, false},
		"another controller":         {func(d *appsv1.Deployment) { d.OwnerReferences[0].UID = "9" }, false},
		"replicas where zero is set": {func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](1) }, false},
		"replicas unset":             {func(d *appsv1.Deployment) { d.Spec.Replicas = nil }, false},
		"zero changed":               {func(d *appsv1.Deployment) { d.Spec.Strategy.RollingUpdate.MaxUnavailable = new(intstr.FromInt32(1)) }, false},
		"zero of another type": {func(d *appsv1.Deployment) {
			d.Spec.Strategy.RollingUpdate.MaxUnavailable = new(intstr.FromString("0"))
		}, false},
		"a struct removed": {func(d *appsv1.Deployment) { d.Spec.Strategy.RollingUpdate = nil }, false},
		"false unset":      {func(d *appsv1.Deployment) { d.Spec.Template.Spec.AutomountServiceAccountToken = nil }, false},
		"false changed":    {func(d *appsv1.Deployment) { container(d).SecurityContext.Privileged = new(true) }, false},
		"an empty struct exchanged": {func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{}}
		}, false},
		"a container renamed":      {func(d *appsv1.Deployment) { container(d).Name = "b" }, false},
		"containers removed":       {func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers = nil }, false},
		"an argument changed":      {func(d *appsv1.Deployment) { container(d).Command[1] = "-t" }, false},
		"an argument more":         {func(d *appsv1.Deployment) { container(d).Command = append(container(d).Command, "a") }, false},
		"arguments in other order": {func(d *appsv1.Deployment) { container(d).Command = []string{"-g", "nginx"} }, false},
		"a port's protocol":        {func(d *appsv1.Deployment) { container(d).Ports[0].Protocol = "UDP" }, false},
		"a quantity changed":       {func(d *appsv1.Deployment) { container(d).Resources.Requests["cpu"] = resource.MustParse("1") }, false},
		"a quantity removed":       {func(d *appsv1.Deployment) { delete(container(d).Resources.Requests, "cpu") }, false},
		"a handler exchanged": {func(d *appsv1.Deployment) {
			container(d).LivenessProbe.ProbeHandler = corev1.ProbeHandler{Exec: &corev1.ExecAction{}}
		}, false},
		"a capability more": {func(d *appsv1.Deployment) {
			drop := &container(d).SecurityContext.Capabilities.Drop
			*drop = append(*drop, "CHOWN")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			live := liveDeployment()
			test.change(live)
			NewWithT(t).Expect(drift.Holds(live, desiredDeployment())).To(Equal(test.holds))
		})
	}
}

func TestHoldsWholeMapsAndLists(t *testing.T) {
	g := NewWithT(t)

	service := corev1ac.Service("a", "b").WithSpec(corev1ac.ServiceSpec().WithSelector(map[string]string{"app": "a"}))
	live := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "b", Name: "a"}}
	g.Expect(drift.Holds(live, service)).To(BeFalse())
	live.Spec.Selector = map[string]string{"app": "a"}
	g.Expect(drift.Holds(live, service)).To(BeTrue())
	live.Spec.Selector["b"] = "c"
	g.Expect(drift.Holds(live, service)).To(BeFalse(), "a selector with another requirement selects something else")

	ingress := networkingv1ac.Ingress("a", "b").WithSpec(networkingv1ac.IngressSpec().
		WithRules(networkingv1ac.IngressRule().WithHost("a"), networkingv1ac.IngressRule().WithHost("b")))
	rules := func(hosts ...string) *networkingv1.Ingress {
		i := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "b", Name: "a"}}
		for _, host := range hosts {
			i.Spec.Rules = append(i.Spec.Rules, networkingv1.IngressRule{Host: host})
		}
		return i
	}
	g.Expect(drift.Holds(rules("a", "b"), ingress)).To(BeTrue())
	g.Expect(drift.Holds(rules("a"), ingress)).To(BeFalse())
	g.Expect(drift.Holds(rules("a", "b", "c"), ingress)).To(BeFalse())
	g.Expect(drift.Holds(rules("b", "a"), ingress)).To(BeFalse())
}

func TestHoldsPanicsForAnotherKind(t *testing.T) {
	NewWithT(t).Expect(func() { drift.Holds(&corev1.ConfigMap{}, desiredDeployment()) }).To(Panic())
}

func TestChecksum(t *testing.T) {
	g := NewWithT(t)
	sum := drift.Checksum(desiredDeployment())
	g.Expect(sum).To(MatchRegexp("^[0-9a-f]{16}$"))
	g.Expect(drift.Checksum(desiredDeployment())).To(Equal(sum))

	g.Expect(drift.Checksum(desiredDeployment().WithLabels(map[string]string{"b": ""}))).NotTo(Equal(sum))
	changed := desiredDeployment()
	changed.Spec.WithReplicas(1)
	g.Expect(drift.Checksum(changed)).NotTo(Equal(sum))
	unset := desiredDeployment()
	unset.Spec.Replicas = nil
	g.Expect(drift.Checksum(unset)).NotTo(Equal(sum))
}

// go test -run '^$' -bench . ./internal/drift
func BenchmarkHolds(b *testing.B) {
	live, desired := liveDeployment(), desiredDeployment()
	b.ReportAllocs()
	for b.Loop() {
		if !drift.Holds(live, desired) {
			b.Fatal("drifted")
		}
	}
}

func BenchmarkChecksum(b *testing.B) {
	desired := desiredDeployment()
	b.ReportAllocs()
	for b.Loop() {
		drift.Checksum(desired)
	}
}
