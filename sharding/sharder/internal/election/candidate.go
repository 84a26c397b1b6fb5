// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package election elects the leading sharder of a ring.
package election

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

// Candidate stands for election as the leading sharder of a ring, again and again.
//
// Losing an election is no reason to end the process, which may be a shard as well: every write of a sharder carries the
// resource version that it was decided on, so even two leaders at a time do no harm.
type Candidate struct {
	Client coordinationv1client.CoordinationV1Interface
	// Namespace and LeaseName say which lease whoever leads holds.
	Namespace, LeaseName string
	// Identity tells this candidate from all others.
	Identity string
	// LeaseDuration, RenewDeadline and RetryPeriod are those of client-go's elector, which says what they must be.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration

	Clock clock.Clock
	Log   logr.Logger
}

// Run leads whenever this candidate is elected, until the context ends. The context that lead gets ends when the
// leadership does; the lease is released only after lead has returned.
func (c *Candidate) Run(ctx context.Context, lead func(context.Context) error) error {
	vacancy := c.watchVacancy(ctx)
	for ctx.Err() == nil {
		if err := c.stand(ctx, vacancy, lead); err != nil {
			return err
		}
	}
	return nil
}

// stand runs for one term at most.
func (c *Candidate) stand(ctx context.Context, vacancy *vacancy, lead func(context.Context) error) error {
	elected := make(chan context.Context, 1)
	lock := &vacantLock{vacancy: vacancy, LeaseLock: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: c.Namespace, Name: c.LeaseName},
		Client:     c.Client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.Identity},
	}}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name:          c.LeaseName,
		Lock:          lock,
		LeaseDuration: c.LeaseDuration,
		RenewDeadline: c.RenewDeadline,
		RetryPeriod:   c.RetryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { elected <- ctx },
			OnStoppedLeading: func() {},
		},
		ReleaseOnCancel: true,
	})
	if err != nil {
		return fmt.Errorf("standing for election as the sharder: %w", err)
	}

	electorCtx, stop := context.WithCancel(logr.NewContext(context.WithoutCancel(ctx), c.Log))
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
			if !elector.IsLeader() && lock.abandon() {
				return nil // to try again at once
			}
		case termCtx := <-elected:
			leadCtx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(termCtx, cancel)()
			c.Log.Info("Elected as the sharder")
			err := lead(leadCtx)
			c.Log.Info("Not the sharder any more")
			if leadCtx.Err() != nil {
				return nil // what fails at the end of a term fails because of that
			}
			return err
		}
	}
}
