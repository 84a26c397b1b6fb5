// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parameter is a number of a scenario.
type Parameter struct {
	Name string
	// Help says what it is, for people.
	Help string
	// Default is the value at scale 1: seconds, times per second, or a number of things.
	Default float64
	// Unit says how it is written.
	Unit Unit
	// Scaling says how it scales.
	Scaling Scaling
}

// Unit says how the value of a parameter is written.
type Unit int

const (
	// PerSecond values are written as "4.5".
	PerSecond Unit = iota
	// Duration values are written as "90s".
	Duration
	// Count values are whole numbers, at least 0.
	Count
	// Factor values are written as "1.5".
	Factor
)

// Scaling says what a parameter is multiplied with.
type Scaling int

const (
	// Fixed parameters do not scale.
	Fixed Scaling = iota
	// Root parameters scale with the square root of the scale: rates and durations, whose product is a number of websites.
	Root
	// Linear parameters scale with the scale: the number of websites, and what follows from it.
	Linear
)

// The smallest and the largest scale.
const (
	MinScale = 0.001
	MaxScale = 10
)

// Settings are the values of a scenario's parameters by name, in seconds, per second, or a number of things.
type Settings map[string]float64

func (s Settings) count(name string) int { return int(s[name]) }

func (s Settings) duration(name string) time.Duration {
	return time.Duration(s[name] * float64(time.Second)).Round(time.Millisecond)
}

// Settings returns the parameters' values at a scale, with some of them set to what the texts say, like "create=5" or
// "hold=30s".
func (s Scenario) Settings(scale float64, set []string) (Settings, error) {
	if !(scale >= MinScale && scale <= MaxScale) {
		return nil, fmt.Errorf("the scale is a factor from %v to %v, not %v: 1 is the full size, 0.1 a tenth of the websites",
			MinScale, MaxScale, scale)
	}
	settings := Settings{}
	for _, p := range s.Parameters {
		settings[p.Name] = p.scaled(scale)
	}
	for _, text := range set {
		name, value, ok := strings.Cut(text, "=")
		i := slices.IndexFunc(s.Parameters, func(p Parameter) bool { return p.Name == name })
		if !ok || i < 0 {
			return nil, fmt.Errorf("%q sets no parameter of the scenario %s: it is NAME=VALUE, with one of %s",
				text, s.Name, strings.Join(slices.Sorted(maps.Keys(settings)), ", "))
		}
		parsed, err := s.Parameters[i].parse(value)
		if err != nil {
			return nil, err
		}
		settings[name] = parsed
	}
	return settings, nil
}

func (p Parameter) scaled(scale float64) float64 {
	value := p.Default
	switch p.Scaling {
	case Root:
		value *= math.Sqrt(scale)
	case Linear:
		value *= scale
	case Fixed:
	}
	if p.Unit == Count && p.Default > 0 {
		value = max(1, math.Round(value))
	}
	return value
}

func (p Parameter) parse(text string) (float64, error) {
	var value float64
	var err error
	var form string
	switch p.Unit {
	case Duration:
		var d time.Duration
		d, err = time.ParseDuration(text)
		value, form = d.Seconds(), `a duration like "90s"`
	case Count:
		var count uint64
		count, err = strconv.ParseUint(text, 10, 20)
		value, form = float64(count), "a whole number"
	default:
		value, err = strconv.ParseFloat(text, 64)
		form = `a number like "4.5"`
	}
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) || value < 0 {
		return 0, fmt.Errorf("%s cannot be %q: it is %s, and not negative", p.Name, text, form)
	}
	return value, nil
}

// Format writes a value of the parameter for people.
func (p Parameter) Format(value float64) string {
	switch p.Unit {
	case Duration:
		return time.Duration(value * float64(time.Second)).Round(time.Millisecond).String()
	case PerSecond:
		return strconv.FormatFloat(value, 'g', 4, 64) + "/s"
	default:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
}

// Describe returns all settings for people.
func (s Scenario) Describe(settings Settings) map[string]string {
	texts := make(map[string]string, len(s.Parameters))
	for _, p := range s.Parameters {
		texts[p.Name] = p.Format(settings[p.Name])
	}
	return texts
}
