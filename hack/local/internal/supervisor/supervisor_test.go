// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// These stand for an operator, as the first argument of this very test program. Each writes "started" when it is ready
// to be stopped.
const (
	obeys   = "obeys"
	refuses = "refuses"
	crashes = "crashes"
)

func TestMain(m *testing.M) {
	terminate := make(chan os.Signal, 1)
	switch os.Args[1] {
	case obeys:
		signal.Notify(terminate, syscall.SIGTERM)
		fmt.Println("started")
		<-terminate
		fmt.Println("stopped")
	case refuses:
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("started")
		<-terminate
	case crashes:
		fmt.Println("started")
		os.Exit(3)
	default:
		// The race detector would have each of them linger for a second.
		_ = os.Setenv("GORACE", "atexit_sleep_ms=0")
		os.Exit(m.Run())
	}
}

// thisProgram is the path that processes of these tests have in their command lines.
func thisProgram() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

// enough is far more than anything takes, even on a busy machine.
const enough = time.Minute

type fixture struct {
	*WithT
	t       *testing.T
	folder  supervisor.Folder
	changed chan os.Signal
	stop    func()
	ended   chan error

	generation int64
}

// run runs a supervisor of the folder in this process.
func run(t *testing.T, folder string, adjust func(*supervisor.Options)) *fixture {
	t.Helper()
	f := &fixture{
		WithT: NewWithT(t), t: t, folder: supervisor.Folder(folder),
		changed: make(chan os.Signal, 1), ended: make(chan error, 1),
	}
	f.SetDefaultEventuallyTimeout(enough)
	options := supervisor.Options{
		Folder:   f.folder,
		Version:  "test",
		Prepare:  func(context.Context, supervisor.Instance) (time.Time, error) { return time.Now().Add(time.Hour), nil },
		Leftover: processes.WithArgument(thisProgram(), folder),
		Grace:    10 * time.Second,
		Backoff:  10 * time.Millisecond,
		Clock:    clock.RealClock{},
		Log:      slog.New(slog.DiscardHandler),
	}
	if adjust != nil {
		adjust(&options)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	go func() { f.ended <- supervisor.New(options).Run(ctx, f.changed); close(f.ended) }()
	t.Cleanup(func() { cancel(); f.Eventually(f.ended).Should(BeClosed()) })
	return f
}

func (f *fixture) instance(name, behaviour string) supervisor.Instance {
	f.t.Helper()
	folder := filepath.Join(string(f.folder), name)
	f.Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	return supervisor.Instance{
		Name: name, Folder: folder, Digest: "1",
		// The folder in the command line marks the process as one of this test.
		Command: []string{thisProgram(), behaviour, folder},
	}
}

// set tells the supervisor what is wanted, and waits until it acted upon it.
func (f *fixture) set(wanted supervisor.Wanted) {
	f.t.Helper()
	f.generation++
	wanted.Generation = f.generation
	f.Expect(statefile.Write(filepath.Join(string(f.folder), "wanted.json"), wanted)).To(Succeed())
	f.changed <- syscall.SIGHUP
	f.Eventually(f.folder.Status).Should(HaveField("Generation", f.generation))
}

func (f *fixture) want(instances ...supervisor.Instance) {
	f.t.Helper()
	f.set(supervisor.Wanted{Instances: instances})
}

func (f *fixture) status(name string) supervisor.InstanceStatus {
	status, err := f.folder.Status()
	f.Expect(err).NotTo(HaveOccurred())
	if status != nil {
		for _, instance := range status.Instances {
			if instance.Name == name {
				return instance
			}
		}
	}
	return supervisor.InstanceStatus{}
}

func (f *fixture) eventually(name string, matcher gomegatypes.GomegaMatcher) {
	f.t.Helper()
	f.Eventually(func() supervisor.InstanceStatus { return f.status(name) }).Should(matcher)
}

func (f *fixture) log(name string) string {
	content, _ := os.ReadFile(filepath.Join(string(f.folder), name, "log"))
	return string(content)
}

func (f *fixture) started(name string) {
	f.t.Helper()
	f.Eventually(func() string { return f.log(name) }).Should(HaveSuffix("started\n"))
	f.eventually(name, HaveField("State", supervisor.Running))
}

func (f *fixture) running() []processes.Process {
	found, err := processes.Find(f.t.Context(), processes.WithArgument(thisProgram(), string(f.folder)))
	f.Expect(err).NotTo(HaveOccurred())
	return found
}

func TestStartAndStopGracefully(t *testing.T) {
	f := run(t, t.TempDir(), nil)
	f.want(f.instance("a", obeys))
	f.started("a")

	status := f.status("a")
	f.Expect(status).To(SatisfyAll(HaveField("State", supervisor.Running), HaveField("PID", Not(BeZero())), HaveField("Restarts", 0)))
	pid, err := os.ReadFile(filepath.Join(string(f.folder), "a", "pid"))
	f.Expect(err).NotTo(HaveOccurred())
	f.Expect(strings.TrimSpace(string(pid))).To(Equal(strconv.Itoa(status.PID)))

	f.stop()
	f.Eventually(f.ended).Should(Receive(BeNil()))
	f.Expect(f.log("a")).To(HaveSuffix("stopped\n"))
	f.Expect(f.running()).To(BeEmpty())
	f.Expect(filepath.Join(string(f.folder), "a", "pid")).NotTo(BeAnExistingFile())
	f.Expect(f.folder.Status()).To(BeNil())
}

func TestInstanceThatEndsIsStartedAgain(t *testing.T) {
	f := run(t, t.TempDir(), nil)
	f.want(f.instance("a", obeys))
	f.started("a")

	first := f.status("a").PID
	f.Expect(syscall.Kill(first, syscall.SIGKILL)).To(Succeed())

	f.eventually("a", SatisfyAll(HaveField("State", supervisor.Running), HaveField("Restarts", 1), HaveField("PID", Not(Equal(first)))))
}

func TestInstanceThatEndsAgainAndAgainHasToWait(t *testing.T) {
	f := run(t, t.TempDir(), func(o *supervisor.Options) { o.Backoff = time.Hour })
	f.want(f.instance("a", crashes), f.instance("b", obeys))

	// The second start is immediate, the third one is an hour away.
	f.eventually("a", SatisfyAll(
		HaveField("State", supervisor.Waiting), HaveField("Restarts", 1), HaveField("Reason", ContainSubstring("exit status 3"))))
	f.Expect(strings.Count(f.log("a"), "started")).To(Equal(2))
	// Neither does its backoff hold up the others, nor may it keep the supervisor from stopping.
	f.eventually("b", HaveField("State", supervisor.Running))
	f.want(f.instance("b", obeys))
	f.Expect(f.status("a")).To(BeZero())
}

func TestWantedSetChangesWhileOthersStay(t *testing.T) {
	f := run(t, t.TempDir(), nil)
	a, b := f.instance("a", obeys), f.instance("b", obeys)
	f.want(a, b)
	f.started("a")
	f.started("b")
	stays, changes := f.status("a").PID, f.status("b").PID

	b.Digest = "2"
	f.want(a, b, f.instance("c", obeys))

	f.eventually("b", SatisfyAll(HaveField("State", supervisor.Running), HaveField("Digest", "2"), HaveField("PID", Not(Equal(changes)))))
	f.eventually("c", HaveField("State", supervisor.Running))
	f.Expect(f.status("a")).To(SatisfyAll(HaveField("PID", stays), HaveField("Restarts", 0)))
	f.Expect(f.log("b")).To(HavePrefix("started\nstopped\n"), "the old process stops gracefully before the new one starts")

	f.want(a)
	f.Expect(f.running()).To(HaveExactElements(HaveField("PID", stays)))
}

func TestInstanceThatRefusesToStopIsKilled(t *testing.T) {
	f := run(t, t.TempDir(), func(o *supervisor.Options) { o.Grace = 50 * time.Millisecond })
	f.want(f.instance("a", refuses))
	f.started("a")

	f.want()
	f.Expect(f.running()).To(BeEmpty())
}

func TestCrashIsNotGraceful(t *testing.T) {
	f := run(t, t.TempDir(), nil)
	f.want(f.instance("a", obeys))
	f.started("a")

	f.set(supervisor.Wanted{Crash: []string{"a"}})
	f.Expect(f.running()).To(BeEmpty())
	f.Expect(f.log("a")).NotTo(ContainSubstring("stopped"))
}

func TestLeftoversEndBeforeAnythingStarts(t *testing.T) {
	g := NewWithT(t)
	g.SetDefaultEventuallyTimeout(enough)
	folder := t.TempDir()
	own := filepath.Join(folder, "a")
	g.Expect(os.MkdirAll(own, 0o755)).To(Succeed())
	log, err := os.Create(filepath.Join(own, "log"))
	g.Expect(err).NotTo(HaveOccurred())
	defer log.Close()
	orphan := exec.Command(thisProgram(), obeys, own)
	orphan.Stdout = log
	g.Expect(orphan.Start()).To(Succeed())
	collected := make(chan error, 1)
	go func() { collected <- orphan.Wait() }()
	g.Eventually(func() string { return logtail.Tail(log.Name(), 1) }).Should(Equal("started"))

	f := run(t, folder, nil)
	f.want(f.instance("a", obeys))
	f.Eventually(collected).Should(Receive())
	f.started("a")
	f.Expect(f.log("a")).To(Equal("started\nstopped\nstarted\n"))
}

func TestSecondSupervisorIsRefused(t *testing.T) {
	folder := t.TempDir()
	first := run(t, folder, nil)
	first.want()

	second := run(t, folder, nil)
	second.Eventually(second.ended).Should(Receive(MatchError(supervisor.ErrRunning)))
}

func TestPrepareRunsBeforeTheStartAndWhenItsTimeHasCome(t *testing.T) {
	now := clocktesting.NewFakeClock(time.Now())
	var calls atomic.Int32
	f := run(t, t.TempDir(), func(o *supervisor.Options) {
		o.Clock = now
		o.Prepare = func(context.Context, supervisor.Instance) (time.Time, error) {
			calls.Add(1)
			return now.Now().Add(time.Hour), nil
		}
	})
	f.want(f.instance("a", obeys))
	f.started("a")
	f.Expect(calls.Load()).To(Equal(int32(1)))

	// The supervisor may look at the clock at once or a little later.
	f.Eventually(now.HasWaiters).Should(BeTrue())
	now.Step(time.Minute)
	f.Consistently(calls.Load).WithTimeout(50 * time.Millisecond).Should(Equal(int32(1)))
	now.Step(time.Hour)
	f.Eventually(calls.Load).Should(Equal(int32(2)))
	f.Expect(f.status("a").Restarts).To(BeZero())
}

func TestInstanceThatCannotBePreparedIsTriedAgain(t *testing.T) {
	var calls atomic.Int32
	f := run(t, t.TempDir(), func(o *supervisor.Options) {
		o.Prepare = func(context.Context, supervisor.Instance) (time.Time, error) {
			if calls.Add(1) <= 3 {
				return time.Time{}, errors.New("no token yet")
			}
			return time.Now().Add(time.Hour), nil
		}
	})
	f.want(f.instance("a", obeys))
	f.eventually("a", SatisfyAll(HaveField("State", supervisor.Running), HaveField("Restarts", 0)))
}
