// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package deploy puts the operator, and the sharder where the mode has it apart, on a cluster, and takes them away again.
// Each step looks at what is there and does what is missing, so that an interrupted run is gone on with by the next one.
package deploy

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/images"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/programs"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/rollout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/target"
)

// Deploy is one run of the command: what to deploy, and how to tell about it.
type Deploy struct {
	Checkout checkout.Checkout
	Mode     operator.Mode
	// Shards is the number of instances that share the websites; 0 is what the mode's manifests say.
	Shards int
	// Components are the names of those that are put on top of the mode's manifests.
	Components []string
	// Repository is where images are published to, KindCluster the kind cluster if that is one.
	Repository, KindCluster string
	// Timeout is how long each thing that is waited for may take.
	Timeout time.Duration
	Out     io.Writer

	target  *target.Target
	kubectl string
	doing   string
}

// Run deploys. It returns when all pods are ready and nothing of another mode is left.
func (d *Deploy) Run(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	wanted, err := d.render(ctx)
	if err != nil {
		return err
	}
	if wanted, err = d.check(ctx, wanted); err != nil {
		return err
	}
	if wanted, err = d.build(ctx, wanted); err != nil {
		return err
	}
	if err := d.install(ctx, wanted); err != nil {
		return err
	}
	d.say("")
	return d.overview(ctx)
}

// Doing says what the run is about, for a message when it was interrupted.
func (d *Deploy) Doing() string { return d.doing }

func (d *Deploy) connect(ctx context.Context) error {
	d.step("connecting to the cluster")
	var err error
	if d.target, err = target.Connect(ctx, d.Checkout.KindKubeconfig()); err != nil {
		return err
	}
	d.say("cluster     %s, Kubernetes %s (context %s)", d.target.Server, d.target.Version, d.target.Context)
	return nil
}

// check leaves out what the cluster does not know and can be done without, and finds out what stands in the way before
// anything is changed.
func (d *Deploy) check(ctx context.Context, wanted parts) (parts, error) {
	d.step("checking what the cluster serves and allows")
	fit, err := d.target.Fit(wanted.all())
	if err != nil {
		return parts{}, err
	}
	for _, warning := range fit.Warnings {
		d.say("warning     %s", warning)
	}
	wanted = wanted.only(fit.Objects)
	return wanted, d.mayApply(ctx, wanted.all())
}

// build builds the images for the nodes of the cluster, and fills in their references.
func (d *Deploy) build(ctx context.Context, wanted parts) (parts, error) {
	d.step("building the images")
	nodes, err := d.target.Nodes(ctx)
	if err != nil {
		return parts{}, err
	}
	if err := images.CheckRepository(d.Repository, nodes); err != nil {
		return parts{}, err
	}
	builder := images.Builder{
		Checkout: d.Checkout, Repository: d.Repository, KindCluster: d.KindCluster, Platforms: images.Platforms(nodes),
	}
	var resolved []*unstructured.Unstructured
	took, err := progress.During(d.Out, clock.RealClock{}, "images      building them:", func() error {
		var err error
		resolved, err = builder.Resolve(ctx, wanted.all())
		return err
	})
	if err != nil {
		return parts{}, err
	}
	d.say("images      built and published to %s in %s, for %s",
		d.Repository, progress.Seconds(took), strings.Join(builder.Platforms, ", "))
	sharders := len(wanted.sharder) // they come first
	return parts{sharder: resolved[:sharders], operator: resolved[sharders:]}, nil
}

// wait waits for a Deployment of the part of that name.
func (d *Deploy) wait(ctx context.Context, key client.ObjectKey) error {
	d.step("waiting for " + key.Name)
	begin := time.Now()
	err := rollout.Rollout{
		Client: d.target.Client, Clientset: d.target.Clientset, Key: key, Timeout: d.Timeout,
		Say: func(text string) { d.say("%-12s%s", short(key.Name), text) },
	}.Wait(ctx)
	if err == nil {
		d.say("%-12sis ready after %s", short(key.Name), progress.Seconds(time.Since(begin)))
	}
	return err
}

// short is what a Deployment is called at the start of a line.
func short(name string) string { return strings.TrimPrefix(name, "webhosting-") }

// findKubectl builds kubectl, which renders the manifests.
func (d *Deploy) findKubectl(ctx context.Context) (string, error) {
	if d.kubectl != "" {
		return d.kubectl, nil
	}
	selected, err := programs.Select("kubectl")
	if err != nil {
		return "", err
	}
	folder, err := programs.Builder{Module: d.Checkout.Path("hack/programs"), Progress: d.Out}.Build(ctx, selected)
	if err != nil {
		return "", err
	}
	d.kubectl = filepath.Join(folder, "kubectl")
	return d.kubectl, nil
}

// book is where it is remembered what was applied.
func (d *Deploy) book() applied.Book {
	return applied.Book{Client: d.target.Client, Key: client.ObjectKey{Namespace: operator.Namespace, Name: target.FieldOwner}}
}

func (d *Deploy) step(doing string) { d.doing = doing }

func (d *Deploy) say(format string, arguments ...any) { fmt.Fprintf(d.Out, format+"\n", arguments...) }

// parts are the objects to apply, by what they belong to.
type parts struct {
	// sharder is empty where the sharder does not run apart.
	sharder, operator []*unstructured.Unstructured
}

func (p parts) all() []*unstructured.Unstructured {
	return slices.Concat(p.sharder, p.operator)
}

// only returns those of the parts that are among the objects.
func (p parts) only(objects []*unstructured.Unstructured) parts {
	kept := map[*unstructured.Unstructured]bool{}
	for _, object := range objects {
		kept[object] = true
	}
	filter := func(part []*unstructured.Unstructured) []*unstructured.Unstructured {
		var rest []*unstructured.Unstructured
		for _, object := range part {
			if kept[object] {
				rest = append(rest, object)
			}
		}
		return rest
	}
	return parts{sharder: filter(p.sharder), operator: filter(p.operator)}
}
