// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// candidate stands for election as the leading sharder of a ring, again and again.
//
// Losing an election is no reason to end the process, which may be a shard as well: every write of a sharder carries the
// resource version that it was decided on, so even two leaders at a time do no harm.
type candidate struct {
	options Options
	client  coordinationv1client.CoordinationV1Interface
}

// run leads whenever this candidate is elected, until the context ends. The context that lead gets ends when the
// leadership does; the lease is released only after lead has returned.
func (c *candidate) run(ctx context.Context, lead func(context.Context) error) error {
	vacancy := watchVacancy(ctx, c.client, c.options)
	for ctx.Err() == nil {
		if err := c.stand(ctx, vacancy, lead); err != nil {
			return err
		}
	}
	return nil
}

// stand runs for one term at most.
func (c *candidate) stand(ctx context.Context, vacancy *vacancy, lead func(context.Context) error) error {
	elected := make(chan context.Context, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: c.options.LeaseName,
		Lock: &vacantLock{vacancy: vacancy, LeaseLock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: c.options.Namespace, Name: c.options.LeaseName},
			Client:     c.client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: c.options.identity},
		}},
		LeaseDuration: c.options.LeaseDuration,
		RenewDeadline: c.options.RenewDeadline,
		RetryPeriod:   c.options.RetryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { elected <- ctx },
			OnStoppedLeading: func() {},
		},
		ReleaseOnCancel: true,
	})
	if err != nil {
		return fmt.Errorf("standing for election as the sharder: %w", err)
	}

	electorCtx, stop := context.WithCancel(logr.NewContext(context.WithoutCancel(ctx), c.options.Log))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		elector.Run(electorCtx)
	}()
	defer func() {
		stop()
		<-stopped
	}()

	for {
		select {
		case <-ctx.Done():
			return nil
		case <-vacancy.signal:
			if !elector.IsLeader() {
				return nil // to try again at once
			}
		case termCtx := <-elected:
			leadCtx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(termCtx, cancel)()
			c.options.Log.Info("Elected as the sharder")
			err := lead(leadCtx)
			c.options.Log.Info("Not the sharder any more")
			if leadCtx.Err() != nil {
				return nil // what fails at the end of a term fails because of that
			}
			return err
		}
	}
}
