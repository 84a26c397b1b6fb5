// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package evaluation is what runs of the same load with several set-ups left behind: read from a folder, compared, and drawn.
// It asks nobody and runs nothing.
package evaluation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
)

const (
	// File is the name of the file with About, in the folder of an evaluation.
	File = "evaluation.json"
	// Baseline is the set-up that the others are compared with.
	Baseline = "singleton"
)

// About says what was evaluated, and where.
type About struct {
	Scenario string          `json:"scenario"`
	Scale    float64         `json:"scale"`
	Seed     uint64          `json:"seed"`
	Begin    time.Time       `json:"begin"`
	Machine  machine.Machine `json:"machine"`
	// Command is what repeats it.
	Command string `json:"command"`
	// CPU is the number of processors that each instance was held to; 0 if it had all of them.
	CPU float64 `json:"cpu,omitempty"`
	// Profiled holds if profiles were taken meanwhile, which costs something.
	Profiled bool `json:"profiled,omitempty"`
	// ScrapeInterval is the time between two scrapes of an instance, in seconds.
	ScrapeInterval float64 `json:"scrapeIntervalSeconds"`
	// Setups are their names, which are also those of their folders.
	Setups []string `json:"setups"`
}

// Setup is what one set-up left behind.
type Setup struct {
	Name   string
	Result Result
	// Tables are by the name of the query, or of the file of the experiment.
	Tables map[string]Table
	// Profiles are the flame graphs, in order.
	Profiles []Profile
}

// Profile is a page with a flame graph.
type Profile struct {
	Instance, Kind string
	Page           []byte
}

// Evaluation is all of it.
type Evaluation struct {
	About  About
	Setups []Setup
}

// Read reads the folder of an evaluation.
func Read(folder fs.FS) (Evaluation, error) {
	var evaluation Evaluation
	if err := readJSON(folder, File, &evaluation.About); err != nil {
		return evaluation, err
	}
	for _, name := range evaluation.About.Setups {
		setup, err := readSetup(folder, name)
		if err != nil {
			return evaluation, fmt.Errorf("reading what the set-up %s left behind: %w", name, err)
		}
		evaluation.Setups = append(evaluation.Setups, setup)
	}
	return evaluation, nil
}

func readSetup(folder fs.FS, name string) (Setup, error) {
	setup := Setup{Name: name, Tables: map[string]Table{}}
	if err := readJSON(folder, path.Join(name, "load", "result.json"), &setup.Result); err != nil {
		return setup, err
	}
	for _, sub := range []string{"load", "metrics"} {
		files, err := fs.Glob(folder, path.Join(name, sub, "*.csv"))
		if err != nil {
			return setup, err
		}
		for _, file := range files {
			content, err := fs.ReadFile(folder, file)
			if err != nil {
				return setup, err
			}
			table, err := parseTable(content)
			if err != nil {
				return setup, fmt.Errorf("%s: %w", file, err)
			}
			base := path.Base(file)
			setup.Tables[base[:len(base)-len(".csv")]] = table
		}
	}
	return setup, readProfiles(folder, &setup)
}

func readProfiles(folder fs.FS, setup *Setup) error {
	var order []struct{ Instance, Kind, File string }
	err := readJSON(folder, path.Join(setup.Name, "profiles", "profiles.json"), &order)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range order {
		page, err := fs.ReadFile(folder, path.Join(setup.Name, "profiles", entry.File))
		if err != nil {
			return err
		}
		setup.Profiles = append(setup.Profiles, Profile{Instance: entry.Instance, Kind: entry.Kind, Page: page})
	}
	return nil
}

func readJSON(folder fs.FS, name string, value any) error {
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}
