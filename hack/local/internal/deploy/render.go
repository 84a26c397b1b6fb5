// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

const (
	operatorComponents = "webhosting-operator/config/components"
	sharderComponents  = "config/components"
)

// inOverlays are the components that the overlays choose among themselves.
var inOverlays = []string{"network-policy", "shards", "label-protection", "network-policy", "projects-only"}

// render returns the mode's manifests with the components that were asked for.
func (d *Deploy) render(ctx context.Context) (parts, error) {
	d.step("rendering the manifests")
	if err := d.checkComponents(); err != nil {
		return parts{}, err
	}
	var wanted parts
	var err error
	if d.Mode == operator.Dedicated {
		if wanted.sharder, err = d.renderWith(ctx, sharder.Manifests(d.Checkout), sharderComponents); err != nil {
			return parts{}, err
		}
	}
	if wanted.operator, err = d.renderWith(ctx, d.Mode.Manifests(d.Checkout), operatorComponents); err != nil {
		return parts{}, err
	}
	if d.Shards > 0 {
		deployment := manifests.Find(wanted.operator, "Deployment", operator.Name)
		if err := unstructured.SetNestedField(deployment.Object, int64(d.Shards), "spec", "replicas"); err != nil {
			return parts{}, fmt.Errorf("setting the number of shards: %w", err)
		}
	}
	return wanted, nil
}

// checkComponents refuses components that do not exist for what the mode has.
func (d *Deploy) checkComponents() error {
	known, err := folders(d.Checkout.Path(operatorComponents))
	if err != nil {
		return err
	}
	if d.Mode == operator.Dedicated {
		ofSharder, err := folders(d.Checkout.Path(sharderComponents))
		if err != nil {
			return err
		}
		known = append(known, ofSharder...)
	}
	known = slices.DeleteFunc(known, func(name string) bool { return slices.Contains(inOverlays, name) })
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range d.Components {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no component %q for the mode %s: there are %s", name, d.Mode.Overlay(), strings.Join(known, ", "))
		}
	}
	return nil
}

// renderWith renders a folder with those of the wanted components that exist for it.
func (d *Deploy) renderWith(ctx context.Context, folder, components string) ([]*unstructured.Unstructured, error) {
	kubectl, err := d.findKubectl(ctx)
	if err != nil {
		return nil, err
	}
	var chosen []string
	for _, name := range d.Components {
		path := filepath.Join(d.Checkout.Path(components), name)
		if _, err := os.Stat(path); err == nil {
			chosen = append(chosen, path)
		}
	}
	if len(chosen) == 0 {
		return manifests.Render(ctx, kubectl, folder)
	}
	// It has to lie in the checkout, since kustomize wants paths that are relative.
	on, err := os.MkdirTemp(d.Checkout.Path("bin"), "overlay-")
	if err != nil {
		return nil, fmt.Errorf("writing a kustomization: %w", err)
	}
	defer os.RemoveAll(on)
	if err := writeKustomization(on, folder, chosen); err != nil {
		return nil, err
	}
	return manifests.Render(ctx, kubectl, on)
}

func writeKustomization(in, resource string, components []string) error {
	kustomization := map[string]any{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
	relative := func(paths ...string) []string {
		var all []string
		for _, path := range paths {
			if below, err := filepath.Rel(in, path); err == nil {
				all = append(all, below)
			}
		}
		return all
	}
	kustomization["resources"] = relative(resource)
	kustomization["components"] = relative(components...)
	content, err := yaml.Marshal(kustomization)
	if err != nil {
		return fmt.Errorf("writing a kustomization: %w", err)
	}
	if err := os.WriteFile(filepath.Join(in, "kustomization.yaml"), content, 0o600); err != nil {
		return fmt.Errorf("writing a kustomization: %w", err)
	}
	return nil
}

func folders(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the components: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}
