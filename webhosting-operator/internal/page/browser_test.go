// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// browser is one tab of a headless Chromium. The test tells it what to do by the DevTools protocol, through a pair of
// pipes: JSON messages, each followed by a zero byte. See https://chromedevtools.github.io/devtools-protocol/.
type browser struct {
	commands *os.File
	pipe     *os.File
	answers  *bufio.Reader
	session  string
	lastID   int
	// complaints are what the browser wrote to its console: what a page did that its content security policy forbids,
	// for example.
	complaints []string
}

type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// startBrowser opens a tab of the given size in CSS pixels, which prefers the given colour scheme, light or dark.
func startBrowser(t *testing.T, width, height int, colorScheme string) *browser {
	t.Helper()
	g := NewWithT(t)
	program := chromiumProgram.path(t)
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + t.TempDir(), "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // it refuses to run as root otherwise
	}
	theirEnd, commands, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	answers, theirOtherEnd, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())

	cmd := exec.Command(program, args...)
	cmd.ExtraFiles = []*os.File{theirEnd, theirOtherEnd}
	g.Expect(cmd.Start()).To(Succeed())
	_, _ = theirEnd.Close(), theirOtherEnd.Close()

	b := &browser{commands: commands, pipe: answers, answers: bufio.NewReader(answers)}
	t.Cleanup(func() {
		defer func() { // also where it does not answer
			_, _ = commands.Close(), answers.Close()
			_, _ = cmd.Process.Kill(), cmd.Wait()
		}()
		b.call(t, "Browser.close", nil, nil)
		_ = cmd.Wait()
	})
	var target struct{ TargetID string }
	b.call(t, "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call(t, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call(t, "Log.enable", nil, nil)
	b.call(t, "Emulation.setDeviceMetricsOverride",
		map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call(t, "Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": colorScheme}},
	}, nil)
	return b
}

// call sends a command and waits for its answer.
func (b *browser) call(t *testing.T, method string, params, result any) {
	t.Helper()
	g := NewWithT(t)
	b.lastID++
	session := b.session
	if method == "Browser.close" {
		session = "" // it is the browser that ends, not the tab
	}
	command, err := json.Marshal(message{ID: b.lastID, SessionID: session, Method: method, Params: params})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = b.commands.Write(append(command, 0))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(b.pipe.SetReadDeadline(time.Now().Add(time.Minute))).To(Succeed())
	for {
		data, err := b.answers.ReadBytes(0)
		g.Expect(err).NotTo(HaveOccurred(), "waiting for the answer to %s", method)
		var answer message
		g.Expect(json.Unmarshal(data[:len(data)-1], &answer)).To(Succeed())
		if answer.Method == "Log.entryAdded" {
			b.complaints = append(b.complaints, fmt.Sprint(answer.Params))
		}
		if answer.ID != b.lastID {
			continue
		}
		g.Expect(string(answer.Error)).To(BeEmpty(), method)
		if result != nil {
			g.Expect(json.Unmarshal(answer.Result, result)).To(Succeed())
		}
		return
	}
}

// open shows a page and waits until it has been loaded.
func (b *browser) open(t *testing.T, url string) {
	t.Helper()
	b.call(t, "Page.navigate", map[string]any{"url": url}, nil)
	var loaded bool
	b.evaluate(t, `new Promise(done => document.readyState == "complete" ? done(true) : addEventListener("load", () => done(true)))`, &loaded)
}

// evaluate returns the value of a JavaScript expression in the page.
func (b *browser) evaluate(t *testing.T, expression string, value any) {
	t.Helper()
	g := NewWithT(t)
	var evaluated struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call(t, "Runtime.evaluate",
		map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &evaluated)
	g.Expect(string(evaluated.ExceptionDetails)).To(BeEmpty())
	g.Expect(json.Unmarshal(evaluated.Result.Value, value)).To(Succeed())
}

// screenshot writes what the tab shows as a PNG below outputDir.
func (b *browser) screenshot(t *testing.T, name string) {
	t.Helper()
	g := NewWithT(t)
	var captured struct{ Data []byte }
	b.call(t, "Page.captureScreenshot", map[string]any{"format": "png"}, &captured)
	g.Expect(writeOutput(name, captured.Data)).To(Succeed())
	path, err := filepath.Abs(filepath.Join(outputDir(), name))
	g.Expect(err).NotTo(HaveOccurred())
	t.Logf("screenshot: %s", path)
}
