// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"fmt"
	"testing"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

func newBenchmark(b *testing.B) (*memory, *website.Reconciler) {
	m, c := newMemory(b)
	m.put(theme("lucid"))
	return m, &website.Reconciler{Client: c, Recorder: events.NewFakeRecorder(0), Clock: clock.RealClock{}, Image: website.DefaultImage}
}

// What a reconcile costs that finds everything in place, as most do: no request at all.
//
//	go test -run '^$' -bench Unchanged -benchmem ./internal/website
func BenchmarkReconcileUnchanged(b *testing.B) {
	m, r := newBenchmark(b)
	m.put(site("blog", map[string]string{"webhosting.timebertt.dev/skip-workload": "true"}))
	reconcileOnce(b, r, "blog")
	w := &world{memory: m, Reconciler: r}
	w.rollOut()
	reconcileOnce(b, r, "blog")
	m.requests = nil

	b.ReportAllocs()
	for b.Loop() {
		reconcileOnce(b, r, "blog")
	}
	b.ReportMetric(float64(len(m.requests))/float64(b.N), "requests/op")
	if len(m.requests) > 0 {
		b.Fatalf("a reconcile of an unchanged website made requests: %v", m.requests)
	}
}

// What it costs this process to bring a new website's objects into being, without the API server's part.
//
//	go test -run '^$' -bench New -benchmem ./internal/website
func BenchmarkReconcileNew(b *testing.B) {
	m, r := newBenchmark(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("blog-%d", i)
		m.put(site(name, nil))
		reconcileOnce(b, r, name)
	}
	b.ReportMetric(float64(len(m.requests))/float64(b.N), "requests/op")
}

func reconcileOnce(b *testing.B, r *website.Reconciler, name string) {
	request := reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "project", Name: name}}
	if _, err := r.Reconcile(context.Background(), request); err != nil {
		b.Fatal(err)
	}
}
