// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/flamegraph"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/profiles"
)

// profileLength is how long a CPU profile looks.
const profileLength = 20 * time.Second

// profile takes profiles of every instance over and over again, if they are wanted, until the returned function is called,
// which returns them.
func (e *Evaluation) profile(ctx context.Context) (stop func() []profiles.Taken) {
	if !e.Profile {
		return func() []profiles.Taken { return nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	var all []profiles.Taken
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
	return func() []profiles.Taken {
		cancel()
		<-done
		return all
	}
}

// profileOnce takes the profiles of all instances at the same time. One that does not answer is left out, since instances may
// come and go.
func (e *Evaluation) profileOnce(ctx context.Context) []profiles.Taken {
	status, err := instances.Folder(e.Checkout).Status()
	if err != nil || status == nil {
		return nil
	}
	var mutex sync.Mutex
	var all []profiles.Taken
	var group sync.WaitGroup
	for _, instance := range status.Instances {
		group.Go(func() {
			for kind, path := range map[flamegraph.Kind]string{
				flamegraph.CPU:  fmt.Sprintf("profile?seconds=%d", int(profileLength.Seconds())),
				flamegraph.Heap: "heap",
			} {
				begin := time.Now()
				content, err := fetch(ctx, e.Checkout, instance.Name, path)
				if err != nil {
					continue
				}
				mutex.Lock()
				all = append(all, profiles.Taken{Instance: instance.Name, Kind: kind, Begin: begin, End: time.Now(), Content: content})
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
