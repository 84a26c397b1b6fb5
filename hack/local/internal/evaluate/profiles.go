// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/flamegraph"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
)

// profileLength is how long a CPU profile looks.
const profileLength = 20 * time.Second

// taken is a profile, and when it was complete.
type taken struct {
	instance string
	kind     flamegraph.Kind
	at       time.Time
	content  []byte
}

// profile takes profiles of every instance over and over again, if they are wanted, until the returned function is called,
// which returns them.
func (e *Evaluation) profile(ctx context.Context) (stop func() []taken) {
	if !e.Profile {
		return func() []taken { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	var all []taken
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			some := e.profileOnce(ctx)
			all = append(all, some...)
			if len(some) > 0 {
				continue
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}()
	return func() []taken {
		cancel()
		<-done
		return all
	}
}

// profileOnce takes the profiles of all instances at the same time. One that does not answer is left out, since instances may
// come and go.
func (e *Evaluation) profileOnce(ctx context.Context) []taken {
	status, err := instances.Folder(e.Checkout).Status()
	if err != nil || status == nil {
		return nil
	}
	var mutex sync.Mutex
	var all []taken
	var group sync.WaitGroup
	for _, instance := range status.Instances {
		group.Go(func() {
			for kind, path := range map[flamegraph.Kind]string{
				flamegraph.CPU:  fmt.Sprintf("profile?seconds=%d", int(profileLength.Seconds())),
				flamegraph.Heap: "heap",
			} {
				content, err := fetch(ctx, e.Checkout, instance.Name, path)
				if err != nil {
					continue
				}
				mutex.Lock()
				all = append(all, taken{instance: instance.Name, kind: kind, at: time.Now(), content: content})
				mutex.Unlock()
			}
		})
	}
	group.Wait()
	return all
}

func fetch(ctx context.Context, c checkout.Checkout, instance, path string) ([]byte, error) {
	_, port, err := instances.Ports(c, instance)
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(monitoring.Token(c))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d/debug/pprof/%s", port, path), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	// Instances make certificates of their own when they start.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // it is this machine
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", instance, response.Status)
	}
	return io.ReadAll(response.Body)
}

// writeProfiles writes, of each instance and kind, the last profile that was complete when the load ended: that is when most
// websites are there.
func writeProfiles(folder string, all []taken, end time.Time) error {
	last := map[string]taken{}
	for _, profile := range all {
		if !profile.at.After(end) {
			last[profile.instance+"-"+string(profile.kind)] = profile
		}
	}
	if len(last) == 0 {
		return nil
	}
	folder = filepath.Join(folder, "profiles")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("writing profiles: %w", err)
	}
	var index []map[string]string
	for _, name := range slices.Sorted(maps.Keys(last)) {
		profile := last[name]
		page, err := flamegraph.Draw(name, profile.kind, profile.content)
		if err != nil {
			return err
		}
		for file, content := range map[string][]byte{name + ".pb.gz": profile.content, name + ".html": page} {
			if err := os.WriteFile(filepath.Join(folder, file), content, 0o644); err != nil {
				return fmt.Errorf("writing profiles: %w", err)
			}
		}
		index = append(index, map[string]string{"instance": profile.instance, "kind": string(profile.kind), "file": name + ".html"})
	}
	content, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return fmt.Errorf("writing profiles: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "profiles.json"), content, 0o644); err != nil {
		return fmt.Errorf("writing profiles: %w", err)
	}
	return nil
}
