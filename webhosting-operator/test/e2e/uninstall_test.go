// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// uninstalled removes everything, in two steps. The sharder that was apart before, in another mode, is gone, too.
func uninstalled() {
	It("leaves the websites, which are served, and with PURGE=true nothing", Label(always), func(ctx context.Context) {
		inMode(ctx, cmp.Or(deployed, sharded))
		Eventually(ctx, func(ctx context.Context) (int, error) {
			found, err := left(ctx)
			return len(found), err
		}).Should(BeNumerically(">", 100), "these would not be missed")
		whileVisited(ctx, "make undeploy", func() { undeploy(ctx) })
		Eventually(ctx, func(ctx context.Context) ([]string, error) {
			found, err := left(ctx)
			return slices.DeleteFunc(found, stays), err
		}).Should(BeEmpty())
		expectPages(ctx)
		websites, err := samples(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(websites).To(HaveLen(13))
		Expect(websites).NotTo(ContainElement(HaveField("Labels", HaveKey(shardLabel))))

		purge(ctx)
		Eventually(ctx, left).Should(BeEmpty())
	}, SpecTimeout(specTimeout))
}

// stays reports whether `make undeploy` leaves an object, as docs/getting-started.md says.
func stays(object string) bool {
	return slices.Contains([]string{
		"customresourcedefinitions  themes.webhosting.timebertt.dev", "customresourcedefinitions  websites.webhosting.timebertt.dev",
		"apiservices  v1alpha1.webhosting.timebertt.dev", // which comes with the kinds
		"namespaces  project-garden", "namespaces  project-museum",
	}, object) || strings.HasPrefix(object, "themes  ") || strings.Contains(object, " project-") ||
		strings.HasPrefix(object, "ipaddresses  ") // of the websites' Services
}

// untouched is what there was before anything was deployed.
var untouched []string

// left returns what has been added to the cluster since.
func left(ctx context.Context) ([]string, error) {
	found, err := objects(ctx)
	return slices.DeleteFunc(found, func(object string) bool { return slices.Contains(untouched, object) }), err
}

// objects returns all that is not in a namespace, and all in the namespaces that are about operator, sharder and samples.
// It is an error if a kind has gone meanwhile.
func objects(ctx context.Context) ([]string, error) {
	lists, err := clientset.Discovery().ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	lists = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists)
	silent := rest.CopyConfig(restConfig)
	silent.WarningHandler = rest.NoWarnings{} // of kinds that are old
	reader, err := metadata.NewForConfig(silent)
	if err != nil {
		return nil, err
	}

	var found []string
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			items, err := reader.Resource(group.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("listing the %s: %w", resource.Name, err)
			}
			for _, item := range items.Items {
				if !resource.Namespaced || slices.Contains(append([]string{operatorNamespace, sharderNamespace}, projects...), item.Namespace) {
					found = append(found, strings.Join([]string{resource.Name, item.Namespace, item.Name}, " "))
				}
			}
		}
	}
	return found, nil
}
