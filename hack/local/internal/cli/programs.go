// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/programs"
)

func newPrograms() *cobra.Command {
	var printDir bool
	command := &cobra.Command{
		Use:   "programs [NAME...]",
		Short: "Build the programs of the local cluster and of the tests from source",
		Long: `Builds the programs that hack/programs/go.mod pins, or only those named, unless they were built before. They are kept
outside the checkout, in $KCS_CACHE or ~/.cache/kubernetes-controller-sharding, in a folder of their own for each set
of versions. That folder serves as KUBEBUILDER_ASSETS for tests.`,
		Example: `  local programs
  KUBEBUILDER_ASSETS=$(local programs --print-dir etcd kube-apiserver kubectl) go test ./...`,
		RunE: func(command *cobra.Command, names []string) error {
			selected, err := programs.Select(names...)
			if err != nil {
				return usageError{err}
			}
			c, err := here()
			if err != nil {
				return err
			}
			builder := programs.Builder{Module: c.Path("hack/programs"), Progress: os.Stderr}
			folder, err := builder.Build(command.Context(), selected)
			if err != nil {
				if command.Context().Err() != nil {
					return fmt.Errorf("\ninterrupted while building programs; those that are complete stay, and `make programs` goes on from there")
				}
				return err
			}
			if printDir {
				fmt.Println(folder)
			} else {
				fmt.Printf("%d programs are in %s\n", len(selected), folder)
			}
			return nil
		},
	}
	command.Flags().BoolVar(&printDir, "print-dir", false, "print nothing but the folder of the programs on standard output")
	return command
}
