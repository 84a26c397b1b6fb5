// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

const (
	// leaderSilence is how long ago the leader's last renewal may be.
	leaderSilence = 5 * time.Second
	// leaderInterval is how often it is looked for one.
	leaderInterval = time.Second
)

// leaderOf returns the shard that renewed the sharder's lease last, and when it did; no name if nobody did.
//
// The holder that the lease names is not the shard's name, and neither is there one in the user agent of what a sharder
// sends. But the sharder and the shard of a process use one token, which the audit log tells.
func leaderOf(writes []audit.Write) (shard string, renewed time.Time) {
	owner := map[string]string{}
	credential := ""
	for _, write := range writes {
		if write.User != operatorUser || write.Credential == "" || write.Resource != "leases" || write.Code >= http.StatusBadRequest {
			continue
		}
		if write.Object == operator.Namespace+"/"+write.By && !write.Sharder {
			owner[write.Credential] = write.By
		}
		if write.Object == operator.Namespace+"/"+operator.Name && write.Sharder {
			credential, renewed = write.Credential, write.Time
		}
	}
	return owner[credential], renewed
}

// leader waits until one of the shards leads as the sharder, or an instance of the sharder where it runs apart, and returns
// which.
func (m *Measurement) leader(ctx context.Context, mode operator.Mode, shards []string) (string, error) {
	look := func() (string, error) { return m.leadingShard(shards) }
	if mode == operator.Dedicated {
		look = func() (string, error) {
			return sharder.Leader(ctx, m.client, func(url *url.URL) (string, error) {
				return instances.AtWebhook(m.Checkout, url, sharder.Instances())
			})
		}
	}
	timeout := m.Clock.NewTimer(m.Timeout)
	defer timeout.Stop()
	ticker := m.Clock.NewTicker(leaderInterval)
	defer ticker.Stop()
	for {
		if leader, err := look(); err != nil || leader != "" {
			return leader, err
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("looking for the sharder that leads: %w", ctx.Err())
		case <-timeout.C():
			return "", fmt.Errorf("nobody led as the sharder within %s", m.Timeout)
		case <-ticker.C():
		}
	}
}

// leadingShard returns which of the shards leads; none if none does.
func (m *Measurement) leadingShard(shards []string) (string, error) {
	writes, err := m.auditSince(time.Time{})
	if err != nil {
		return "", err
	}
	shard, renewed := leaderOf(writes)
	if !slices.Contains(shards, shard) || m.Clock.Since(renewed) >= leaderSilence {
		return "", nil
	}
	return shard, nil
}

// auditSince returns the writes that were received since the time, as the API server logged them.
func (m *Measurement) auditSince(since time.Time) ([]audit.Write, error) {
	var writes []audit.Write
	err := audit.Read(m.Checkout.State("audit.log"), func(write audit.Write) {
		if !write.Time.Before(since) {
			writes = append(writes, write)
		}
	})
	return writes, err
}
