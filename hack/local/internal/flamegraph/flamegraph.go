// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package flamegraph draws profiles as flame graphs, with the page that pprof itself shows them on: it needs no network, and
// can be zoomed and searched.
package flamegraph

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/pprof/driver"
	"github.com/google/pprof/profile"
)

// Kind is what a profile tells about.
type Kind string

const (
	// CPU is where processor time went.
	CPU Kind = "cpu"
	// Heap is what memory in use was allocated by.
	Heap Kind = "heap"
)

// Draw returns a page with the flame graph of the profile.
func Draw(title string, kind Kind, content []byte) ([]byte, error) {
	parsed, err := profile.Parse(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("reading the profile %s: %w", title, err)
	}
	value := "cpu"
	if kind == Heap {
		value = "inuse_space"
	}
	var page []byte
	err = driver.PProf(&driver.Options{
		Flagset: &arguments{FlagSet: flag.NewFlagSet("pprof", flag.ContinueOnError), given: []string{
			"-http=localhost:0", "-no_browser", "-symbolize=none", "-sample_index=" + value, title,
		}},
		Fetch: fetched{parsed},
		UI:    silent{},
		// Instead of serving the page, it is kept.
		HTTPServer: func(server *driver.HTTPServerArgs) error {
			handler, ok := server.Handlers["/flamegraph"]
			if !ok {
				return errors.New("pprof has no page with a flame graph")
			}
			answer := answer{code: http.StatusOK, header: http.Header{}}
			handler.ServeHTTP(&answer, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/flamegraph"}})
			if answer.code != http.StatusOK {
				return fmt.Errorf("pprof answered %d: %s", answer.code, answer.Bytes())
			}
			page = answer.Bytes()
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("drawing the profile %s: %w", title, err)
	}
	return page, nil
}

// answer is the answer to a request that nobody sent.
type answer struct {
	bytes.Buffer
	code   int
	header http.Header
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) { a.code = code }

// fetched is a profile that need not be fetched any more.
type fetched struct{ profile *profile.Profile }

func (f fetched) Fetch(source string, _, _ time.Duration) (*profile.Profile, string, error) {
	return f.profile, source, nil
}

// arguments are a command line of pprof.
type arguments struct {
	*flag.FlagSet
	given []string
}

func (a *arguments) StringList(name, value, usage string) *[]*string {
	return &[]*string{a.String(name, value, usage)}
}

func (a *arguments) ExtraUsage() string { return "" }

func (a *arguments) AddExtraUsage(string) {}

func (a *arguments) Parse(func()) []string {
	a.SetOutput(io.Discard)
	if err := a.FlagSet.Parse(a.given); err != nil {
		return nil
	}
	return a.Args()
}

// silent is a user who is told nothing and says nothing.
type silent struct{}

func (silent) ReadLine(string) (string, error)     { return "", io.EOF }
func (silent) Print(...any)                        {}
func (silent) PrintErr(...any)                     {}
func (silent) IsTerminal() bool                    { return false }
func (silent) WantBrowser() bool                   { return false }
func (silent) SetAutoComplete(func(string) string) {}
