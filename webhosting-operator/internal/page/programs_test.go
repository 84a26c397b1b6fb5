// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Programs that only some machines have. Without them, the tests that need them do not run, and say so; with
// REQUIRE_NGINX_CHROMIUM=true they fail instead.
var (
	nginxProgram    = foreignProgram{name: "nginx", names: []string{"nginx", "/usr/sbin/nginx"}, get: "apt-get install nginx-light, or brew install nginx"}
	chromiumProgram = foreignProgram{
		name:  "chromium",
		names: []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"},
		get:   "apt-get install chromium fonts-dejavu-core, or brew install --cask google-chrome",
	}
)

// foreignProgram is a program that is no part of this project.
type foreignProgram struct {
	name  string
	names []string
	get   string
}

// path returns where the program is, or else ends the test.
func (p foreignProgram) path(t *testing.T) string {
	t.Helper()
	for _, name := range p.names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	message := fmt.Sprintf("SKIPPED %s: it needs %s (%s)", t.Name(), p.name, p.get)
	if os.Getenv("REQUIRE_NGINX_CHROMIUM") == "true" {
		t.Fatal(message)
	}
	skipped.add(message)
	t.Skip(message)
	return ""
}

// skipped is what did not run, to be said once more at the very end.
var skipped messages

type messages struct {
	mutex sync.Mutex
	lines []string
}

func (m *messages) add(line string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.lines = append(m.lines, line)
}

// outputDir is where the tests leave what people may want to look at: $TEST_OUTPUT, or test-output in the root of the
// repository.
func outputDir() string {
	if dir := os.Getenv("TEST_OUTPUT"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "test-output")
}

// TestMain repeats at the end what did not run. `go test` hides the output of packages that pass, so it also goes into
// a file, for whoever started the tests to show.
func TestMain(m *testing.M) {
	code := m.Run()
	file := filepath.Join(outputDir(), "skipped-page.txt")
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if len(skipped.lines) > 0 {
		text := strings.Join(skipped.lines, "\n") + "\n"
		fmt.Fprint(os.Stderr, text)
		if err := writeOutput(filepath.Base(file), []byte(text)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// writeOutput writes a file below outputDir.
func writeOutput(name string, content []byte) error {
	if err := os.MkdirAll(outputDir(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(outputDir(), name), content, 0o644)
}
