// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package progress shows people how far something is: with a bar on a terminal, with a line now and then elsewhere.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"k8s.io/utils/clock"
)

// lineEvery is how often there is a line where there is no terminal.
const lineEvery = 10 * time.Second

// Display is where progress is shown.
type Display struct {
	out      io.Writer
	terminal bool
	clock    clock.PassiveClock
	begin    time.Time
}

// New returns a display. Terminal says whether the output is one.
func New(out io.Writer, terminal bool, c clock.PassiveClock) *Display {
	return &Display{out: out, terminal: terminal, clock: c, begin: c.Now()}
}

// OnStandardError returns a display on standard error.
func OnStandardError(c clock.PassiveClock) *Display {
	return New(os.Stderr, term.IsTerminal(int(os.Stderr.Fd())), c)
}

// Say shows a line.
func (d *Display) Say(format string, arguments ...any) {
	fmt.Fprintf(d.out, "%6s  %s\n", d.clock.Since(d.begin).Round(time.Second), fmt.Sprintf(format, arguments...))
}

// Task is something that takes a while. Its methods may be called from anywhere.
type Task struct {
	display *Display
	title   string

	mutex       sync.Mutex
	done, total int
	note        string
	shown       time.Time
	bar         *progressbar.ProgressBar
}

// Start begins a task of so many steps.
func (d *Display) Start(title string, total int) *Task {
	total = max(1, total) // a bar of no length would turn forever
	t := &Task{display: d, title: title, total: total, shown: d.clock.Now()}
	if !d.terminal {
		d.Say("%s", title)
		return t
	}
	t.bar = progressbar.NewOptions(total,
		progressbar.OptionSetWriter(d.out), progressbar.OptionSetDescription(title), progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false))
	return t
}

// Step takes in that one more step is done.
func (t *Task) Step() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.done++
	t.show()
}

// Set takes in how many steps are done, and a note on what goes on.
func (t *Task) Set(done int, note string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.done, t.note = min(done, t.total), note
	t.show()
}

func (t *Task) show() {
	if t.bar != nil {
		if t.note != "" {
			t.bar.Describe(t.title + ": " + t.note)
		}
		_ = t.bar.Set(t.done) // a bar that cannot be drawn is no reason to fail
		return
	}
	if t.display.clock.Since(t.shown) < lineEvery {
		return
	}
	t.shown = t.display.clock.Now()
	note := t.note
	if note != "" {
		note = ", " + note
	}
	t.display.Say("%s: %d of %d%s", t.title, t.done, t.total, note)
}

// End ends the task, however far it is.
func (t *Task) End() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.bar != nil {
		_ = t.bar.Clear()
		t.bar = nil
	}
}
