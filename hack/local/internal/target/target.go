// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package target is the cluster that something is deployed to: how it is reached, what it serves, and what is allowed.
package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldOwner is what the command calls itself at the API server: as owner of the fields that it applies, and in the audit
// log.
const FieldOwner = "webhosting-deploy"

// answerWithin is how long the API server may take to answer the first request.
const answerWithin = 10 * time.Second

// Target is a cluster that answered.
type Target struct {
	// Context is the one of the kubeconfig that is used.
	Context string
	// Server is the address of the API server, Version what it runs.
	Server, Version string

	Client    client.Client
	Clientset kubernetes.Interface
}

// Connect reaches the cluster that $KUBECONFIG names, or else the fallback if that file exists. It never falls back on the
// kubeconfig in the home folder, whose current context may be any cluster.
func Connect(ctx context.Context, fallback string) (*Target, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == "" {
		if _, err := os.Stat(fallback); err != nil {
			return nil, errors.New("which cluster? Set KUBECONFIG to the kubeconfig of one, or start one with `make kind-up`")
		}
		rules.ExplicitPath = fallback
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil)
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config, err := loader.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, fmt.Errorf("there is no cluster in the kubeconfig %s: look whether KUBECONFIG names a file that is there",
			strings.Join(rules.GetLoadingPrecedence(), string(filepath.ListSeparator)))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.UserAgent = FieldOwner
	config.QPS = -1
	return connect(ctx, raw.CurrentContext, config)
}

func connect(ctx context.Context, name string, config *rest.Config) (*Target, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the cluster: %w", err)
	}
	t := &Target{Context: name, Server: config.Host, Clientset: clientset}
	if t.Version, err = version(ctx, config); err != nil {
		return nil, fmt.Errorf("%w (context %q of the kubeconfig)", err, name)
	}
	plain, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client of the cluster: %w", err)
	}
	t.Client = client.WithFieldOwner(plain, FieldOwner)
	return t, nil
}

// version asks for the version as somebody who is logged in, and so finds out whether the cluster can be reached at all.
func version(ctx context.Context, config *rest.Config) (string, error) {
	quick := rest.CopyConfig(config)
	quick.Timeout = answerWithin
	clientset, err := kubernetes.NewForConfig(quick)
	if err != nil {
		return "", fmt.Errorf("making a client of the cluster: %w", err)
	}
	found, err := clientset.Discovery().ServerVersion()
	switch {
	case err == nil:
		return found.GitVersion, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case apierrors.IsUnauthorized(err):
		return "", fmt.Errorf("the cluster at %s does not know who you are: %w", config.Host, err)
	default:
		return "", fmt.Errorf("no cluster answers at %s: %w", config.Host, err)
	}
}

// Nodes returns the nodes of the cluster, and none if they may not be looked at.
func (t *Target) Nodes(ctx context.Context) ([]corev1.Node, error) {
	nodes := &corev1.NodeList{}
	if err := t.Client.List(ctx, nodes); err != nil {
		if apierrors.IsForbidden(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("listing the nodes: %w", err)
	}
	return nodes.Items, nil
}
