// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/images"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

// file is one file of the installer.
type file struct {
	name    string
	comment string
	folder  string
}

// files are what people install from without a checkout: install.yaml for those who do not want to choose.
func (d *Deploy) files() []file {
	return []file{
		{"install.yaml", "The webhosting operator. Three instances share the work.", operator.Sharded.Manifests(d.Checkout)},
		{"install-singleton.yaml", "The webhosting operator. One instance does all the work.", operator.Singleton.Manifests(d.Checkout)},
		{
			"install-sharded-dedicated.yaml",
			"The webhosting operator. Three instances share the work, divided by the sharder: apply sharder.yaml first.",
			operator.Dedicated.Manifests(d.Checkout),
		},
		{"sharder.yaml", "The sharder, once for all rings of a cluster.", sharder.Manifests(d.Checkout)},
	}
}

// Installer writes manifests with images by digest, for people without a checkout. It needs no cluster.
func (d *Deploy) Installer(ctx context.Context, folder string, platforms []string) error {
	if d.Repository == images.InKind {
		return errors.New("others cannot pull images from kind.local: set KO_DOCKER_REPO to the repository that they pull from")
	}
	kubectl, err := d.findKubectl(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("writing the installer: %w", err)
	}
	builder := images.Builder{Checkout: d.Checkout, Repository: d.Repository, Platforms: platforms}
	for _, f := range d.files() {
		d.step("writing " + f.name)
		objects, err := manifests.Render(ctx, kubectl, f.folder)
		if err != nil {
			return err
		}
		_, err = progress.During(d.Out, clock.RealClock{}, "images      building them:", func() error {
			var err error
			objects, err = builder.Resolve(ctx, objects)
			return err
		})
		if err != nil {
			return err
		}
		path := filepath.Join(folder, f.name)
		if err := write(path, f.comment, manifests.InOrder(objects)); err != nil {
			return err
		}
		d.say("installer   %s: %d objects", path, len(objects))
	}
	return nil
}

func write(path, comment string, objects []*unstructured.Unstructured) error {
	var content bytes.Buffer
	fmt.Fprintf(&content, "# %s\n", comment)
	for _, object := range objects {
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			return fmt.Errorf("writing the installer: %w", err)
		}
		content.WriteString("---\n")
		content.Write(document)
	}
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing the installer: %w", err)
	}
	return nil
}
