// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package images has ko build the images that manifests name by the import paths of their programs.
package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
)

// InKind is the repository that stands for the nodes of a kind cluster, into which ko loads images.
const InKind = "kind.local"

// Builder builds and publishes images.
type Builder struct {
	Checkout checkout.Checkout
	// Repository is where they are published to.
	Repository string
	// KindCluster is the name of the kind cluster that they are loaded into, if it is that.
	KindCluster string
	// Platforms are what they are built for, like linux/amd64.
	Platforms []string
}

// Resolve returns the objects with references of images that were built and published, by digest.
func (b Builder) Resolve(ctx context.Context, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	var stream bytes.Buffer
	for _, object := range objects {
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			return nil, fmt.Errorf("writing manifests: %w", err)
		}
		stream.WriteString("---\n")
		stream.Write(document)
	}
	resolved, err := b.ko(ctx, &stream)
	if err != nil {
		return nil, err
	}
	return manifests.Parse(resolved)
}

func (b Builder) ko(ctx context.Context, stream *bytes.Buffer) ([]byte, error) {
	version, err := b.version(ctx)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, b.Checkout.Path("hack/tools/run"), "ko", "resolve", "--base-import-paths",
		"--tags", version, "--platform", strings.Join(b.Platforms, ","), "--filename", "-")
	command.Dir = b.Checkout.Path("")
	command.Env = append(os.Environ(), "KO_DOCKER_REPO="+b.Repository, "VERSION="+version)
	if b.KindCluster != "" {
		command.Env = append(command.Env, "KIND_CLUSTER_NAME="+b.KindCluster)
	}
	command.Stdin = stream
	var log bytes.Buffer
	command.Stderr = &log
	resolved, err := command.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("building images for %s and publishing them to %s: %w\n%s",
			strings.Join(b.Platforms, ", "), b.Repository, err, end(log.Bytes()))
	}
	return resolved, nil
}

// version is what the programs say with --version, and the tag of the images.
func (b Builder) version(ctx context.Context) (string, error) {
	if given := os.Getenv("VERSION"); given != "" {
		return given, nil
	}
	found, err := exec.CommandContext(ctx, b.Checkout.Path("hack/version.sh")).Output()
	if err != nil {
		return "", fmt.Errorf("asking for the version of the checkout: %w", err)
	}
	return strings.TrimSpace(string(found)), nil
}

// CheckRepository finds out whether the nodes have any chance to get images from the repository.
func CheckRepository(repository string, nodes []corev1.Node) error {
	if repository != InKind {
		return nil
	}
	for _, node := range nodes {
		if !strings.HasPrefix(node.Spec.ProviderID, "kind://") {
			return errors.New("the nodes of this cluster are not kind's, so images cannot be loaded into them: set KO_DOCKER_REPO" +
				" to a repository that you may push to and the cluster can pull from")
		}
	}
	return nil
}

// Platforms returns what images have to be built for to run on the nodes; the usual ones if there are none.
func Platforms(nodes []corev1.Node) []string {
	var platforms []string
	seen := map[string]bool{}
	for _, node := range nodes {
		info := node.Status.NodeInfo
		platform := info.OperatingSystem + "/" + info.Architecture
		if info.OperatingSystem == "linux" && !seen[platform] {
			seen[platform] = true
			platforms = append(platforms, platform)
		}
	}
	if len(platforms) == 0 {
		return []string{"linux/amd64", "linux/arm64"}
	}
	return platforms
}

// logLines is how many lines of what ko wrote are shown when it failed: the last ones say why.
const logLines = 20

// end returns the end of a log.
func end(log []byte) []byte {
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-logLines):], []byte("\n"))
}
