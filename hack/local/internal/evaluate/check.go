// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// ErrRefused is wrapped by the errors about a load that cannot be put on the set-ups.
var ErrRefused = errors.New("there cannot be such a load")

// scenario is what the experiment tells about one.
type scenario struct {
	Name     string
	Needs    []string
	Settings map[string]string
}

// shortestPhases are the phases that Prometheus is asked about by themselves, and how long they have to be: a rate needs two
// scrapes, and of the idle time only the second half counts.
var shortestPhases = map[string]time.Duration{"hold": 2 * monitoring.Interval, "idle": 4 * monitoring.Interval}

// check refuses a load that the experiment does not know, that a set-up cannot have, or that could not be measured.
func (e *Evaluation) check(ctx context.Context) error {
	var failure bytes.Buffer
	command := exec.CommandContext(ctx, e.binary("experiment"), append([]string{"scenarios", "-o", "json"}, e.load()...)...)
	command.Stderr = &failure
	out, err := command.Output()
	switch exit, exited := errors.AsType[*exec.ExitError](err); {
	case exited && exit.ExitCode() == exitUsage:
		return fmt.Errorf("%w: %s", ErrRefused, strings.TrimSpace(failure.String()))
	case err != nil:
		return fmt.Errorf("asking for the scenario %s: %w: %s", e.Scenario, err, strings.TrimSpace(failure.String()))
	}
	var scenarios []scenario
	if err := json.Unmarshal(out, &scenarios); err != nil {
		return fmt.Errorf("reading what the scenario %s is: %w", e.Scenario, err)
	}
	for _, scenario := range scenarios {
		if slices.Contains(scenario.Needs, "fleet") && slices.Contains(e.Setups, operator.Singleton) {
			return fmt.Errorf("%w: the scenario %s is about instances that share the websites, and %s has only one: leave that set-up out",
				ErrRefused, e.Scenario, operator.Singleton)
		}
		if err := scenario.measurable(); err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	return nil
}

// measurable returns an error if a phase is too short. One that is left out is not.
func (s scenario) measurable() error {
	for phase, shortest := range shortestPhases {
		length, err := time.ParseDuration(s.Settings[phase])
		if err == nil && 0 < length && length < shortest {
			return fmt.Errorf("%s=%s is too short to be measured: Prometheus looks every %s, so it takes %s at least: --set %s=%s",
				phase, length, monitoring.Interval, shortest, phase, shortest)
		}
	}
	return nil
}
