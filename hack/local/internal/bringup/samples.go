// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/report"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/samples"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// calmAfterChange is how long the websites must stay where they are before that counts, when shards came or went.
const calmAfterChange = time.Second

// tableLimit is how many websites are printed.
const tableLimit = 25

// samples applies the samples, waits for them, and prints what there is.
func (u *Up) samples(ctx context.Context) error {
	u.step("applying the samples")
	objects, err := u.render(ctx, u.Checkout.Path("webhosting-operator/config/samples"))
	if err != nil {
		return err
	}
	isNew, err := samples.Apply(ctx, u.book(), objects)
	if err != nil {
		return err
	}
	if isNew {
		u.say("samples     %d objects applied", len(objects))
	}

	u.step("waiting for the websites")
	keys := samples.Websites(objects)
	var shards []string
	if u.Mode.Shares() {
		shards = u.Mode.Instances(u.Shards)
	}
	waiting, cancel := context.WithTimeout(ctx, u.Timeout)
	defer cancel()
	begin := time.Now()
	calm := time.Duration(0)
	if u.changed && u.Mode.Shares() {
		calm = calmAfterChange
	}
	result, err := websites.Wait(waiting, u.client, keys, shards, calm, func(settled int) {
		u.say("websites    %d of %d samples are ready", settled, len(keys))
	})
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(result.Unsettled) > 0 {
		return u.unsettled(result)
	}
	if waited := time.Since(begin); waited > time.Second {
		u.say("websites    took %s", progress.Seconds(time.Since(begin)))
	}
	u.say("")
	if err := report.Websites(u.Out, result.Websites, tableLimit); err != nil {
		return err
	}
	u.say("")
	return report.NextSteps(u.Out, u.Checkout.Kubeconfig(), u.Mode, u.Shards, result.Websites)
}

// unsettled explains which websites did not get ready, and shows the end of the instances' logs.
func (u *Up) unsettled(result websites.Result) error {
	keys := make([]string, 0, len(result.Unsettled))
	for key := range result.Unsettled {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var text strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&text, "\n  %s: %s", key, result.Unsettled[key])
	}
	for _, name := range u.Mode.Instances(u.Shards) {
		fmt.Fprintf(&text, "\n\nthe end of %s:\n%s", instances.Log(u.Checkout, name), instances.LogTail(u.Checkout, name))
	}
	return fmt.Errorf("these websites are not ready after %s:%s", u.Timeout, text.String())
}
