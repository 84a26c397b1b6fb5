// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
)

var readyClient = &http.Client{Timeout: 2 * time.Second}

// Ready reports whether the instance says that it is ready.
func Ready(ctx context.Context, c checkout.Checkout, name string) bool {
	health, _, err := Ports(c, name)
	if err != nil || health == 0 {
		return false
	}
	url := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(health)) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := readyClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Log is where an instance writes its log.
func Log(c checkout.Checkout, name string) string {
	return filepath.Join(string(Folder(c)), name, "log")
}

// LogTail returns the end of an instance's log.
func LogTail(c checkout.Checkout, name string) string { return logtail.Tail(Log(c, name), 10) }
