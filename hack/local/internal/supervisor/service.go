// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package supervisor

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cpushare"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

const (
	// prepareInterval is how often it is looked whether an instance has to be prepared again. The clock on the wall is
	// asked, since timers stand still while a machine sleeps.
	prepareInterval = 15 * time.Second
	// logLimit is the size from which a log is put aside when its instance starts.
	logLimit = 50 << 20
)

// service is one instance, as the library keeps it running.
type service struct {
	instance Instance
	options  Options
	report   func(InstanceStatus)
	token    suture.ServiceToken
	// crash is closed if the instance shall be killed instead of stopped.
	crash chan struct{}

	restarts int
	started  bool
}

func (s *service) String() string { return s.instance.Name }

// Serve runs one process of the instance to its end, which it returns. It returns nil only if the context ended.
func (s *service) Serve(ctx context.Context) error {
	if s.started {
		s.restarts++
	}
	err := s.run(ctx)
	if ctx.Err() == nil {
		s.report(s.status(Waiting, 0, err.Error()))
	}
	return err
}

func (s *service) run(ctx context.Context) error {
	again, err := s.options.Prepare(ctx, s.instance)
	if err != nil {
		return fmt.Errorf("preparing %s: %w", s.instance.Name, err)
	}
	process, err := s.startProcess()
	if err != nil {
		return fmt.Errorf("starting %s: %w", s.instance.Name, err)
	}
	s.started = true
	release, err := s.hold(process.Process)
	if err != nil {
		_ = process.Process.Kill()
		_ = process.Wait()
		return fmt.Errorf("starting %s: %w", s.instance.Name, err)
	}
	defer release()
	var outcome error
	ended := make(chan struct{})
	go func() { outcome = process.Wait(); close(ended) }()
	pidFile := filepath.Join(s.instance.Folder, "pid")
	if err := statefile.Replace(pidFile, []byte(strconv.Itoa(process.Process.Pid)+"\n"), 0o644); err != nil {
		s.options.Log.Error("Cannot write a pid file", "instance", s.instance.Name, "error", err)
	}
	defer os.Remove(pidFile)
	s.report(s.status(Running, process.Process.Pid, ""))

	ticker := s.options.Clock.NewTicker(prepareInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return fmt.Errorf("ended by itself: %w", cmp.Or(outcome, errors.New("exit status 0")))
		case <-ctx.Done():
			s.end(process.Process, ended)
			return nil
		case <-ticker.C():
			if s.options.Clock.Now().Before(again) {
				continue
			}
			if next, err := s.options.Prepare(ctx, s.instance); err != nil {
				s.options.Log.Error("Cannot prepare again", "instance", s.instance.Name, "error", err)
			} else {
				again = next
			}
		}
	}
}

func (s *service) startProcess() (*exec.Cmd, error) {
	path := filepath.Join(s.instance.Folder, "log")
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".previous"); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	// The process has its own handle.
	defer log.Close()
	command := exec.Command(s.instance.Command[0], s.instance.Command[1:]...)
	command.Dir = s.instance.Folder
	command.Stdout, command.Stderr = log, log
	command.Env = append([]string{"GODEBUG=memprofilerate=0"}, os.Environ()...) // as in the manifests, unless it says otherwise
	// Out of reach of whatever signals the supervisor's group: it is the supervisor who stops an instance.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command, command.Start()
}

// hold holds the process to the instance's share of the processors, if it has one, until the returned function is called.
func (s *service) hold(process *os.Process) (release func(), err error) {
	if s.instance.CPU == 0 {
		return func() {}, nil
	}
	// The name tells the instances of several checkouts apart.
	folder := sha256.Sum256([]byte(s.instance.Folder))
	remove, err := cpushare.System.Hold(fmt.Sprintf("kcs-%s-%x", s.instance.Name, folder[:4]), process.Pid, s.instance.CPU)
	if err != nil {
		return nil, err
	}
	return func() {
		if err := remove(); err != nil {
			s.options.Log.Error("Cannot let go of a share of the processors", "instance", s.instance.Name, "error", err)
		}
	}, nil
}

// end ends the process, gracefully unless it shall crash, and waits for it.
func (s *service) end(process *os.Process, ended <-chan struct{}) {
	select {
	case <-s.crash:
	default:
		_ = process.Signal(syscall.SIGTERM)
		grace := s.options.Clock.NewTimer(s.options.Grace)
		defer grace.Stop()
		select {
		case <-ended:
			return
		case <-grace.C():
			s.options.Log.Warn("Killing, since it did not stop in its grace", "instance", s.instance.Name)
		}
	}
	_ = process.Kill()
	<-ended
}

func (s *service) status(state State, pid int, reason string) InstanceStatus {
	return InstanceStatus{
		Name:     s.instance.Name,
		State:    state,
		Digest:   s.instance.Digest,
		PID:      pid,
		Since:    s.options.Clock.Now().UTC().Truncate(time.Second),
		Restarts: s.restarts,
		Reason:   reason,
	}
}
