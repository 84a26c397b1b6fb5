// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package bringup brings everything of a checkout up, step by step, and down again. Each step looks at what is there
// and does what is missing, so that an interrupted run is gone on with by the next one.
package bringup

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cluster"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/programs"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// Up brings up what its fields ask for.
type Up struct {
	Checkout checkout.Checkout
	Mode     operator.Mode
	// Shards is the number of instances of the operator in the modes in which they share the websites.
	Shards int
	Extras Extras
	// Timeout is how long the operator and the websites may take to get ready.
	Timeout time.Duration
	// NoSamples leaves the samples as they are, if there are any, and prints no websites.
	NoSamples bool
	Out       io.Writer

	programs string
	client   client.Client
	doing    string
	// changed holds if instances were started or stopped, so that websites may be about to move.
	changed bool
}

// Asked is what was last asked for.
type Asked struct {
	Mode   operator.Mode `json:"mode"`
	Shards int           `json:"shards"`
	Extras
}

// ReadAsked returns what was last asked for; the zero value if nothing was.
func ReadAsked(c checkout.Checkout) (Asked, error) {
	var asked Asked
	return asked, statefile.Read(askedFile(c), &asked)
}

func askedFile(c checkout.Checkout) string { return c.State("up.json") }

// Doing says what Run is about, for a message when it was interrupted.
func (u *Up) Doing() string { return u.doing }

// Run brings everything up. It returns when the samples are ready.
func (u *Up) Run(ctx context.Context) error {
	if err := u.Serve(ctx); err != nil || u.NoSamples {
		return err
	}
	return u.samples(ctx)
}

func (u *Up) cluster(ctx context.Context) error {
	u.step("building the programs")
	builder := programs.Builder{Module: u.Checkout.Path("hack/programs"), Progress: u.Out}
	folder, err := builder.Build(ctx, programs.All)
	if err != nil {
		return err
	}
	u.programs = folder
	if err := u.linkKubectl(); err != nil {
		return err
	}

	u.step("starting the cluster")
	begin := time.Now()
	local := cluster.New(u.Checkout, folder, u.Out)
	local.Room = u.Extras.Room
	started, err := local.Up(ctx)
	if err != nil {
		return err
	}
	if u.client, err = kube.Client(u.Checkout.Kubeconfig()); err != nil {
		return err
	}
	server, err := kube.Server(u.Checkout.Kubeconfig())
	if err != nil {
		return err
	}
	if started {
		u.say("cluster     started in %s: %s", progress.Seconds(time.Since(begin)), server)
	} else {
		u.say("cluster     runs already: %s", server)
	}
	return nil
}

// linkKubectl puts kubectl where it is found easily, since the one that a machine has may be years older.
func (u *Up) linkKubectl() error {
	target, link := filepath.Join(u.programs, "kubectl"), u.Checkout.Path("bin/kubectl")
	if old, err := os.Readlink(link); err == nil && old == target {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return fmt.Errorf("linking kubectl: %w", err)
	}
	if err := os.RemoveAll(link); err != nil {
		return fmt.Errorf("linking kubectl: %w", err)
	}
	if err := os.Symlink(target, link); err != nil {
		return fmt.Errorf("linking kubectl: %w", err)
	}
	return nil
}

func (u *Up) render(ctx context.Context, folder string) ([]*unstructured.Unstructured, error) {
	return manifests.Render(ctx, filepath.Join(u.programs, "kubectl"), folder)
}

// book is where it is remembered what was applied.
func (u *Up) book() applied.Book {
	return applied.Book{Client: u.client, Key: client.ObjectKey{Namespace: "kube-system", Name: "local"}}
}

func (u *Up) step(doing string) { u.doing = doing }

func (u *Up) say(format string, arguments ...any) { fmt.Fprintf(u.Out, format+"\n", arguments...) }
