// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

var websitesResource = schema.GroupVersionResource{Group: group, Version: "v1alpha1", Resource: "websites"}

// follow has the tracker follow the websites of the measurement from outside the operator, until the context ends. It
// returns when the tracker knows what is there already.
func follow(ctx context.Context, kubeconfig string, tracker *Tracker, now clock.PassiveClock) error {
	config, err := kube.Config(kubeconfig)
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("watching the websites: %w", err)
	}
	informer := dynamicinformer.NewFilteredDynamicInformer(client, websitesResource, metav1.NamespaceAll, 0, cache.Indexers{},
		func(options *metav1.ListOptions) { options.LabelSelector = labelMeasure }).Informer()
	observe := func(object any) {
		if website, ok := object.(*unstructured.Unstructured); ok {
			tracker.Observe(siteFrom(website), now.Now())
		}
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    observe,
		UpdateFunc: func(_, object any) { observe(object) },
		DeleteFunc: func(object any) {
			if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
				tracker.Forget(key, now.Now())
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watching the websites: %w", err)
	}
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return fmt.Errorf("watching the websites: %w", ctx.Err())
	}
	return nil
}

func siteFrom(website *unstructured.Unstructured) Site {
	site := Site{
		Key:        website.GetNamespace() + "/" + website.GetName(),
		Generation: website.GetGeneration(),
		Shard:      website.GetLabels()[operator.LabelShard],
	}
	_, site.Draining = website.GetLabels()[operator.LabelDrain]
	site.Phase, _, _ = unstructured.NestedString(website.Object, "status", "phase")
	site.Observed, _, _ = unstructured.NestedInt64(website.Object, "status", "observedGeneration")
	return site
}
