// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package programs

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/filelock"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
)

// Builder builds programs.
type Builder struct {
	// Module is the folder of the module that pins the programs.
	Module string
	// Progress receives one line a program, and nothing if all of them are there already.
	Progress io.Writer
}

// Folder returns the folder that the programs are built into, whether or not they are there yet. It can be given to
// envtest as KUBEBUILDER_ASSETS.
func (b Builder) Folder(ctx context.Context) (string, error) {
	toolchain, err := gotool.Toolchain(ctx, b.Module)
	if err != nil {
		return "", err
	}
	in, err := readInputs(b.Module, toolchain)
	if err != nil {
		return "", err
	}
	cache, err := cacheFolder(os.Getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "programs", in.digest()), nil
}

// Build builds those of the programs that are missing, and returns the folder that all of them are in. Programs appear
// there only when they are complete. If another process builds, it waits for that one.
func (b Builder) Build(ctx context.Context, programs []Program) (string, error) {
	folder, err := b.Folder(ctx)
	if err != nil {
		return "", err
	}
	if len(missing(folder, programs)) == 0 {
		return folder, nil
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(folder, ".lock"), func() {
		fmt.Fprintf(b.Progress, "another process is building the programs in %s: waiting for it\n", folder)
	})
	if err != nil {
		return "", err
	}
	defer lock.Release()

	todo := missing(folder, programs)
	if len(todo) == 0 {
		return folder, nil
	}
	fmt.Fprintf(b.Progress, "building %d programs from source, once, which takes some minutes: they are kept in %s\n",
		len(todo), folder)
	begin := time.Now()
	for i, program := range todo {
		if err := b.build(ctx, folder, program, fmt.Sprintf("[%d/%d]", i+1, len(todo))); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(b.Progress, "built %d programs in %s\n", len(todo), progress.Seconds(time.Since(begin)))
	return folder, nil
}

func (b Builder) build(ctx context.Context, folder string, program Program, prefix string) error {
	fmt.Fprintf(b.Progress, "%s %s ...\n", prefix, program.Name)
	unfinished := filepath.Join(folder, "."+program.Name+".unfinished")
	took, err := progress.During(b.Progress, clock.RealClock{}, prefix+" "+program.Name+":", func() error {
		arguments := append(append([]string{"build"}, buildFlags()...), "-tags", program.Tags, "-o", unfinished, program.Package)
		return gotool.Run(ctx, b.Module, arguments...)
	})
	if err != nil {
		return fmt.Errorf("building %s: %w", program.Name, err)
	}
	if err := os.Rename(unfinished, filepath.Join(folder, program.Name)); err != nil {
		return fmt.Errorf("building %s: %w", program.Name, err)
	}
	fmt.Fprintf(b.Progress, "%s %s built in %s\n", prefix, program.Name, progress.Seconds(took))
	return nil
}

func missing(folder string, programs []Program) []Program {
	var missing []Program
	for _, program := range programs {
		if _, err := os.Stat(filepath.Join(folder, program.Name)); err != nil {
			missing = append(missing, program)
		}
	}
	return missing
}
