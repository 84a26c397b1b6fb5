// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// The namespaces that requests are sent to: the ring of the operator selects the first one, and not the second one.
const (
	selectedNamespace = "probe-selected"
	otherNamespace    = "probe-other"
)

// prober sends requests to create websites, by turns to the one and the other namespace, one after the other. Nothing comes
// of them, since they are dry runs.
type prober struct {
	client client.Client
	clock  clock.PassiveClock
}

// probe is one such request.
type probe struct {
	selected bool
	took     time.Duration
	// assigned holds if the answer tells a shard.
	assigned bool
}

// newProber makes the namespaces, and waits until websites can be created in both.
func (m *Measurement) newProber(ctx context.Context) (*prober, error) {
	for name, labels := range map[string]map[string]string{
		selectedNamespace: {"webhosting.timebertt.dev/project": "true"}, otherNamespace: {},
	} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: standin.Marked(labels)}}
		if err := m.client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
			return nil, fmt.Errorf("making the namespace %s: %w", name, err)
		}
	}
	if err := exempt(ctx, m.client, projectsOnly); err != nil {
		return nil, err
	}
	prober := &prober{client: m.client, clock: m.Clock}
	var refused error
	waited := m.within(ctx, func(ctx context.Context) error {
		return m.poll(ctx, "websites can be created outside of projects", func() bool {
			_, refused = prober.one(ctx, false)
			return refused == nil
		})
	})
	if waited != nil {
		return nil, errors.Join(waited, refused)
	}
	return prober, nil
}

// send sends so many pairs of requests. Which request of a pair is the first one changes, so that none has an advantage.
func (p *prober) send(ctx context.Context, pairs int) ([]probe, error) {
	probes := make([]probe, 0, 2*pairs)
	for i := range pairs {
		for _, selected := range []bool{i%2 == 0, i%2 != 0} {
			one, err := p.one(ctx, selected)
			if err != nil {
				return probes, err
			}
			probes = append(probes, one)
		}
	}
	return probes, nil
}

// start sends requests until the returned function is called, which returns what came of them.
func (p *prober) start(ctx context.Context) (stop func() ([]probe, error)) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	var probes []probe
	var failed error
	group.Go(func() {
		for ctx.Err() == nil {
			pair, err := p.send(ctx, 2)
			probes = append(probes, pair...)
			if err != nil && ctx.Err() == nil {
				failed = err
				return
			}
		}
	})
	return func() ([]probe, error) {
		cancel()
		group.Wait()
		return probes, failed
	}
}

func (p *prober) one(ctx context.Context, selected bool) (probe, error) {
	namespace := otherNamespace
	if selected {
		namespace = selectedNamespace
	}
	website := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "webhosting.timebertt.dev/v1alpha1", "kind": "Website",
		"metadata": map[string]any{
			"name": "probe", "namespace": namespace, "labels": map[string]any{"webhosting.timebertt.dev/skip-workload": "true"},
		},
		"spec": map[string]any{"theme": "probe"},
	}}
	sent := p.clock.Now()
	if err := p.client.Create(ctx, website, client.DryRunAll); err != nil {
		return probe{}, fmt.Errorf("creating a website in %s without anything coming of it: %w", namespace, err)
	}
	took := p.clock.Since(sent)
	return probe{selected: selected, took: took, assigned: website.GetLabels()[operator.LabelShard] != ""}, nil
}

// Admission is how long requests took, and what the webhook added to them.
type Admission struct {
	// Asked are those in a namespace for which the API server asks the webhook, and Unasked the others.
	Asked   figures.Latency `json:"asked"`
	Unasked figures.Latency `json:"unasked"`
	// AddedP50 and AddedP99 are by how much the percentiles differ, in seconds.
	AddedP50 float64 `json:"addedP50Seconds"`
	AddedP99 float64 `json:"addedP99Seconds"`
	// Unassigned are the answers for the selected namespace that told no shard.
	Unassigned int `json:"unassigned"`
}

// admissionOf sums probes up.
func admissionOf(probes []probe) Admission {
	var admission Admission
	took := map[bool][]time.Duration{}
	for _, probe := range probes {
		took[probe.selected] = append(took[probe.selected], probe.took)
		if probe.selected && !probe.assigned {
			admission.Unassigned++
		}
	}
	admission.Asked, admission.Unasked = figures.LatencyOf(took[true]), figures.LatencyOf(took[false])
	admission.AddedP50 = admission.Asked.P50 - admission.Unasked.P50
	admission.AddedP99 = admission.Asked.P99 - admission.Unasked.P99
	return admission
}
