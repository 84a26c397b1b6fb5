// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"
	"net/url"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Leader returns the instance that leads; none if there is none. The holder of the lease does not tell, since all
// instances run on one host. But the leader writes its own address to the webhook configuration of a ring; at returns
// whose address it is.
func Leader(ctx context.Context, c client.Client, at func(*url.URL) (string, error)) (string, error) {
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
	err := c.Get(ctx, client.ObjectKey{Name: "sharding-" + operator.Name}, configuration)
	if client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("looking for the sharder that leads: %w", err)
	}
	if len(configuration.Webhooks) == 0 {
		return "", nil
	}
	address, err := url.Parse(ptr.Deref(configuration.Webhooks[0].ClientConfig.URL, ""))
	if err != nil {
		return "", fmt.Errorf("looking for the sharder that leads: %w", err)
	}
	return at(address)
}
