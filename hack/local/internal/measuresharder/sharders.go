// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

const (
	webhookFlag  = "--webhook-bind-address="
	pollInterval = 200 * time.Millisecond
)

// variant is how the sharder's instances run, other than usual.
type variant struct {
	// profiled serves profiles, by which it is told what is left on the heap after a collection.
	profiled bool
	// mute does not answer the webhook, which the API server goes on to ask.
	mute bool
}

// sharders starts the instances of the sharder anew, so that what was before leaves nothing in their memory.
type sharders struct {
	checkout checkout.Checkout
	client   client.Client
	clock    clock.WithTicker
	folder   supervisor.Folder
	// others and usual are the instances of the operator and of the sharder, as they were brought up.
	others, usual []supervisor.Instance
	version       string
	command       []string
}

func newSharders(c checkout.Checkout, api client.Client, now clock.WithTicker) (*sharders, error) {
	s := &sharders{checkout: c, client: api, clock: now, folder: instances.Folder(c)}
	wanted, err := s.folder.Wanted()
	if err != nil {
		return nil, err
	}
	for _, instance := range wanted.Instances {
		if slices.Contains(sharder.Instances(), instance.Name) {
			s.usual = append(s.usual, instance)
		} else {
			s.others = append(s.others, instance)
		}
	}
	if s.version, err = supervisor.Version(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	s.command = []string{self, "supervise"}
	return s, nil
}

// restart ends the instances, starts them as the variant says, and returns when they are ready and one of them leads.
func (s *sharders) restart(ctx context.Context, v variant) error {
	if _, err := s.folder.Set(ctx, s.others, nil, s.version, s.command); err != nil {
		return err
	}
	begin := s.clock.Now()
	started := slices.Clone(s.others)
	for _, instance := range s.usual {
		changed, err := v.apply(instance)
		if err != nil {
			return err
		}
		started = append(started, changed)
	}
	if _, err := s.folder.Set(ctx, started, nil, s.version, s.command); err != nil {
		return err
	}
	ticker := s.clock.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		leads, err := s.ledSince(ctx, begin)
		if err != nil && ctx.Err() == nil {
			return err
		}
		ready := !slices.ContainsFunc(s.usual, func(instance supervisor.Instance) bool {
			return !instances.Ready(ctx, s.checkout, instance.Name)
		})
		if leads && ready {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until the sharder is ready: %w", context.Cause(ctx))
		case <-ticker.C():
		}
	}
}

// ledSince reports whether a sharder leads that began to after the time.
func (s *sharders) ledSince(ctx context.Context, begin time.Time) (bool, error) {
	lease := &coordinationv1.Lease{}
	if err := s.client.Get(ctx, client.ObjectKey{Namespace: sharder.Namespace, Name: sharder.Name}, lease); err != nil {
		return false, fmt.Errorf("looking whether a sharder leads: %w", client.IgnoreNotFound(err))
	}
	return ptr.Deref(lease.Spec.HolderIdentity, "") != "" && lease.Spec.AcquireTime != nil && lease.Spec.AcquireTime.After(begin), nil
}

// leader returns the name of the instance that leads.
func (s *sharders) leader(ctx context.Context) (string, error) {
	return sharder.Leader(ctx, s.client, func(url *url.URL) (string, error) {
		return instances.AtWebhook(s.checkout, url, sharder.Instances())
	})
}

// apply returns the instance of the variant, and writes its configuration file.
func (v variant) apply(instance supervisor.Instance) (supervisor.Instance, error) {
	file := filepath.Join(instance.Folder, "config.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return instance, fmt.Errorf("reading the configuration of %s: %w", instance.Name, err)
	}
	changed, err := v.config(content)
	if err != nil {
		return instance, fmt.Errorf("changing the configuration of %s: %w", instance.Name, err)
	}
	if err := statefile.Replace(file, changed, 0o644); err != nil {
		return instance, err
	}
	instance.Command = v.arguments(instance.Command)
	instance.Digest += fmt.Sprintf(" profiled=%t mute=%t", v.profiled, v.mute)
	return instance, nil
}

// config returns the configuration file with profiles or without.
func (v variant) config(content []byte) ([]byte, error) {
	config := map[string]any{}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	delete(config, "debugging")
	if v.profiled {
		config["debugging"] = map[string]any{"enableProfiling": true}
	}
	return yaml.Marshal(config)
}

// arguments returns the command line.
func (v variant) arguments(command []string) []string {
	if !v.mute {
		return command
	}
	changed := slices.Clone(command)
	for i, argument := range changed {
		if strings.HasPrefix(argument, webhookFlag) {
			changed[i] = webhookFlag + "0"
		}
	}
	return changed
}
