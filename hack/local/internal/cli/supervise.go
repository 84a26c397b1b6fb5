// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// crashBackoff is how long an instance is left alone that ended several times within a short time.
const crashBackoff = 5 * time.Second

func newSupervise() *cobra.Command {
	var ofPrometheus bool
	command := &cobra.Command{
		Use:   "supervise",
		Short: "Keep the operator's instances running, until it is told to end",
		Long: `Keeps the operator's instances running. "local up" starts it in the background, and "local down" ends it; there is no
need to call it. SIGHUP has it read anew what shall run, SIGTERM has it stop the instances and end.`,
		Example: `  local supervise`,
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			changed := make(chan os.Signal, 1)
			signal.Notify(changed, syscall.SIGHUP)
			c, err := here()
			if err != nil {
				return err
			}
			version, err := supervisor.Version()
			if err != nil {
				return err
			}
			folder, leftover := instances.Folder(c), bringup.Leftover(c)
			if ofPrometheus {
				folder, leftover = monitoring.Folder(c), monitoring.Leftover(c)
			}
			return supervisor.New(supervisor.Options{
				Folder:  folder,
				Version: version,
				Prepare: func(ctx context.Context, instance supervisor.Instance) (time.Time, error) {
					return instances.WriteToken(ctx, c, instance)
				},
				Leftover: leftover,
				Grace:    bringup.Grace,
				Backoff:  crashBackoff,
				Clock:    clock.RealClock{},
				Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
			}).Run(command.Context(), changed)
		},
	}
	command.Flags().BoolVar(&ofPrometheus, "monitoring", false, "keep Prometheus running instead")
	return command
}
