// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package monitoring runs Prometheus beside the local cluster. It scrapes the instances of the operator and of the sharder
// as a cluster's monitoring would: with the token of a service account that may read metrics.
package monitoring

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/programs"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

const (
	// Account is the service account that may read metrics and profiles, as NAMESPACE/NAME.
	Account = "monitoring/prometheus"

	name       = "prometheus"
	readyLimit = time.Minute
	// grace is how long Prometheus may take to stop.
	grace = 10 * time.Second
)

//go:embed manifests.yaml
var objects []byte

// Folder is where the files of Prometheus and of its supervisor lie.
func Folder(c checkout.Checkout) supervisor.Folder { return supervisor.Folder(c.State("monitoring")) }

func path(c checkout.Checkout, elements ...string) string {
	return filepath.Join(append([]string{string(Folder(c)), name}, elements...)...)
}

// Token is the file with a token of the Account. The supervisor replaces it before it expires.
func Token(c checkout.Checkout) string { return path(c, "token") }

// Leftover matches the Prometheus of the checkout, whoever started it.
func Leftover(c checkout.Checkout) func(processes.Process) bool {
	return processes.InFolder(path(c, "bin"))
}

// Up has Prometheus run for the cluster that the client is for, and returns its URL when it is ready.
func Up(ctx context.Context, c checkout.Checkout, cluster client.Client, supervise []string, progress io.Writer) (string, error) {
	builder := programs.Builder{Module: c.Path("hack/prometheus"), Progress: progress}
	built, err := builder.Build(ctx, []programs.Program{programs.Prometheus})
	if err != nil {
		return "", err
	}
	parsed, err := manifests.Parse(objects)
	if err != nil {
		return "", err
	}
	if err := manifests.Apply(ctx, cluster, parsed); err != nil {
		return "", err
	}
	port, err := choosePort(c)
	if err != nil {
		return "", err
	}
	instance, err := write(c, filepath.Join(built, name), address(port))
	if err != nil {
		return "", err
	}
	version, err := supervisor.Version()
	if err != nil {
		return "", err
	}
	if _, err := Folder(c).Set(ctx, []supervisor.Instance{instance}, nil, version, supervise); err != nil {
		return "", err
	}
	url := "http://" + address(port)
	return url, waitReady(ctx, c, url)
}

// Watch has Prometheus scrape exactly these instances.
func Watch(c checkout.Checkout, targets []Target) error {
	content, err := targetsFile(targets)
	if err != nil {
		return err
	}
	return statefile.Replace(path(c, "targets.json"), content, 0o644)
}

// URL returns the URL of Prometheus; none if it does not run.
func URL(c checkout.Checkout) (string, error) {
	status, err := Folder(c).Status()
	if err != nil || status == nil {
		return "", err
	}
	had := map[string]int{}
	if err := statefile.Read(portsFile(c), &had); err != nil || had[name] == 0 {
		return "", err
	}
	return "http://" + address(had[name]), nil
}

// Down ends Prometheus. Its files stay, and none that runs is fine.
func Down(ctx context.Context, c checkout.Checkout) error {
	if err := Folder(c).Stop(ctx); err != nil {
		return err
	}
	leftovers, err := processes.Find(ctx, Leftover(c))
	if err != nil {
		return err
	}
	return processes.End(ctx, grace, leftovers...)
}

// write writes the files of Prometheus, and returns what the supervisor shall run.
func write(c checkout.Checkout, program, address string) (supervisor.Instance, error) {
	content, err := config(Token(c), path(c, "targets.json"))
	if err != nil {
		return supervisor.Instance{}, err
	}
	if err := statefile.Replace(path(c, "prometheus.yaml"), content, 0o644); err != nil {
		return supervisor.Instance{}, err
	}
	// By this link the process is known to be the one of this checkout.
	link := path(c, "bin", name)
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return supervisor.Instance{}, fmt.Errorf("linking Prometheus: %w", err)
	}
	if err := os.RemoveAll(link); err != nil {
		return supervisor.Instance{}, fmt.Errorf("linking Prometheus: %w", err)
	}
	if err := os.Symlink(program, link); err != nil {
		return supervisor.Instance{}, fmt.Errorf("linking Prometheus: %w", err)
	}
	return supervisor.Instance{
		Name: name, Folder: path(c), ServiceAccount: Account,
		Command: []string{
			link,
			"--config.file=" + path(c, "prometheus.yaml"),
			"--storage.tsdb.path=" + path(c, "data"),
			"--web.listen-address=" + address,
			"--log.level=warn",
		},
		Digest: program + " " + address,
	}, nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func portsFile(c checkout.Checkout) string { return path(c, "ports.json") }

// choosePort returns the port that Prometheus has or had, or else a free one.
func choosePort(c checkout.Checkout) (int, error) {
	had := map[string]int{}
	if err := statefile.Read(portsFile(c), &had); err != nil {
		return 0, err
	}
	status, err := Folder(c).Status()
	if err != nil {
		return 0, err
	}
	runs := status != nil && len(status.Instances) > 0
	// Far from the cluster's ports and those of the instances.
	const apart = 400
	chosen, _, err := ports.Choose([]string{name}, had, c.Seed()+apart, func(port int) bool {
		return runs && port == had[name] || ports.Free(port)
	})
	if err != nil {
		return 0, err
	}
	return chosen[name], statefile.Write(portsFile(c), chosen)
}

func waitReady(ctx context.Context, c checkout.Checkout, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ready(ctx, url) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for Prometheus, the end of %s:\n%s\n%w", path(c, "log"), logtail.Tail(path(c, "log"), 10), ctx.Err())
		case <-ticker.C:
		}
	}
}

func ready(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/-/ready", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
