// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/ptr"
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
	free := c.watchForRelease(ctx)
	for ctx.Err() == nil {
		if err := c.stand(ctx, free, lead); err != nil {
			return err
		}
	}
	return nil
}

// stand runs for one term at most.
func (c *candidate) stand(ctx context.Context, free <-chan struct{}, lead func(context.Context) error) error {
	elected := make(chan context.Context, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: c.options.LeaseName,
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: c.options.Namespace, Name: c.options.LeaseName},
			Client:     c.client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: c.options.identity},
		},
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
		case <-free:
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

// watchForRelease signals when the sharder's lease has no holder. An elector looks only every other second, which is
// too long when the leader leaves and takes its shard with it.
func (c *candidate) watchForRelease(ctx context.Context) <-chan struct{} {
	free := make(chan struct{}, 1)
	notify := func(object any) {
		if lease, ok := object.(*coordinationv1.Lease); ok && ptr.Deref(lease.Spec.HolderIdentity, "") == "" {
			select {
			case free <- struct{}{}:
			default:
			}
		}
	}
	leases := c.client.Leases(c.options.Namespace)
	byName := fields.OneTermEqualSelector(metav1.ObjectNameField, c.options.LeaseName).String()
	_, controller := toolscache.NewInformerWithOptions(toolscache.InformerOptions{
		ListerWatcher: toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				options.FieldSelector = byName
				return leases.List(ctx, options)
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				options.FieldSelector = byName
				return leases.Watch(ctx, options)
			},
		}, c.client),
		ObjectType: &coordinationv1.Lease{},
		Handler:    toolscache.ResourceEventHandlerFuncs{UpdateFunc: func(_, object any) { notify(object) }},
	})
	go controller.RunWithContext(ctx)
	return free
}
