// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"math"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

func planOf(t *testing.T, name string, scale float64, set ...string) scenario.Plan {
	t.Helper()
	g := NewWithT(t)
	s, err := scenario.Named(name)
	g.Expect(err).NotTo(HaveOccurred())
	settings, err := s.Settings(scale, set)
	g.Expect(err).NotTo(HaveOccurred())
	plan, err := s.Plan(settings)
	g.Expect(err).NotTo(HaveOccurred())
	return plan
}

func TestBasicIsTheLoadOfTheDocuments(t *testing.T) {
	g := NewWithT(t)
	plan := planOf(t, "basic", 1)
	g.Expect(plan.Themes).To(Equal(50))
	g.Expect(plan.Projects).To(Equal(20))
	g.Expect(plan.Websites).To(BeZero())
	g.Expect(plan.Phases).To(HaveLen(2))
	fill, hold := plan.Phases[0], plan.Phases[1]
	g.Expect(fill.Duration).To(Equal(10 * time.Minute))
	g.Expect(hold.Duration).To(Equal(5 * time.Minute))
	for _, part := range []float64{0, 0.5, 1} {
		g.Expect(fill.Rates["create"].At(part, 0)).To(Equal(14.0))
		g.Expect(fill.Rates["delete"].At(part, 0)).To(Equal(1.0))
		for _, phase := range plan.Phases {
			g.Expect(phase.Rates["change"].At(part, 0)).To(Equal(0.0))
			g.Expect(phase.Rates["change"].At(part, 600)).To(Equal(10.0), "each once a minute")
			g.Expect(phase.Rates["change"].At(part, 7800)).To(Equal(100.0), "but at most 100/s")
			g.Expect(phase.Rates["changeTheme"].At(part, 0)).To(BeNumerically("~", 1.0/60, 1e-9))
		}
	}
	g.Expect(hold.Rates).NotTo(HaveKey("create"))
	g.Expect(hold.Rates).NotTo(HaveKey("delete"))
}

func TestAScaleHasSoManyTimesTheWebsites(t *testing.T) {
	for _, scale := range []float64{0.001, 0.01, 0.1, 0.5, 2, 10} {
		g := NewWithT(t)
		fill := planOf(t, "basic", scale).Phases[0]
		net := fill.Rates["create"].From - fill.Rates["delete"].From
		g.Expect(net*fill.Duration.Seconds()).To(BeNumerically("~", 7800*scale, 7800*scale/1000), "scale %v", scale)
		g.Expect(fill.Rates["change"].At(0, math.MaxInt32)).To(BeNumerically("~", 100*scale, 1e-9))
		g.Expect(planOf(t, "chaos", scale).Websites).To(BeNumerically("~", 5000*scale, 1))
	}
}

func TestChurnRisesEvenly(t *testing.T) {
	g := NewWithT(t)
	plan := planOf(t, "reconcile", 1)
	g.Expect(plan.Websites).To(Equal(5000))
	rise := plan.Phases[0].Rates["change"]
	g.Expect([]float64{rise.At(-1, 9), rise.At(0, 9), rise.At(0.25, 9), rise.At(1, 9), rise.At(2, 9)}).
		To(HaveExactElements(0.0, 0.0, 25.0, 100.0, 100.0))
	g.Expect(plan.Phases[1].Rates["change"].At(0, 9)).To(Equal(100.0))
}

func TestWebsitesCanBeThereBeforeTheLoad(t *testing.T) {
	g := NewWithT(t)
	plan := planOf(t, "basic", 0.1, "websites=5000", "idle=30s")
	g.Expect(plan.Websites).To(Equal(5000))
	g.Expect(plan.Phases).To(HaveExactElements(
		HaveField("Name", "fill"), HaveField("Name", "hold"),
		Equal(scenario.Phase{Name: "idle", Duration: 30 * time.Second})))
}

func TestDisruptionsDoNotScale(t *testing.T) {
	g := NewWithT(t)
	for _, scale := range []float64{0.1, 1} {
		chaos := planOf(t, "chaos", scale)
		g.Expect(chaos.Phases[0].Disruption).To(BeNil())
		g.Expect(chaos.Phases[1].Disruption).To(HaveValue(Equal(scenario.Disruption{Kill: time.Minute, Restore: 30 * time.Second})))
	}
	g.Expect(planOf(t, "rolling-update", 1).Phases[1].Disruption).To(HaveValue(Equal(scenario.Disruption{Restart: true})))
}

func TestParametersCanBeSet(t *testing.T) {
	g := NewWithT(t)
	plan := planOf(t, "basic", 0.1, "create=2.5", "hold=30s", "themes=7")
	g.Expect(plan.Themes).To(Equal(7))
	g.Expect(plan.Phases[0].Rates["create"].From).To(Equal(2.5))
	g.Expect(plan.Phases[1].Duration).To(Equal(30 * time.Second))
}

func TestBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		scenario string
		scale    float64
		set      []string
		errors   []string
	}{
		"unknown scenario":        {scenario: "base", scale: 1, errors: []string{`"base"`, "basic, reconcile, rolling-update, chaos, scale-out"}},
		"scale of 0":              {scenario: "basic", scale: 0, errors: []string{"0.001 to 10", "not 0"}},
		"scale of 1000":           {scenario: "basic", scale: 1000, errors: []string{"not 1000"}},
		"scale that is no number": {scenario: "basic", scale: math.NaN(), errors: []string{"not NaN"}},
		"unknown parameter":       {scenario: "basic", scale: 1, set: []string{"shards=3"}, errors: []string{`"shards=3"`, "changeEvery"}},
		"parameter without value": {scenario: "basic", scale: 1, set: []string{"create"}, errors: []string{"NAME=VALUE"}},
		"no number":               {scenario: "basic", scale: 1, set: []string{"create=fast"}, errors: []string{"create", `"fast"`}},
		"no duration":             {scenario: "basic", scale: 1, set: []string{"hold=30"}, errors: []string{"hold", "90s"}},
		"negative":                {scenario: "basic", scale: 1, set: []string{"delete=-1"}, errors: []string{"not negative"}},
		"infinite":                {scenario: "basic", scale: 1, set: []string{"delete=Inf"}, errors: []string{"delete"}},
		"half a theme":            {scenario: "basic", scale: 1, set: []string{"themes=0.5"}, errors: []string{"whole number"}},
		"one theme":               {scenario: "basic", scale: 1, set: []string{"themes=1"}, errors: []string{"at least 2 themes"}},
		"no project":              {scenario: "basic", scale: 1, set: []string{"projects=0"}, errors: []string{"project"}},
		"no time":                 {scenario: "basic", scale: 1, set: []string{"fill=0s"}, errors: []string{"phase fill"}},
		"no growth":               {scenario: "scale-out", scale: 1, set: []string{"growth=1"}, errors: []string{"growth"}},
		"no precision":            {scenario: "scale-out", scale: 1, set: []string{"precision=0"}, errors: []string{"precision"}},
		"limit below the start":   {scenario: "scale-out", scale: 1, set: []string{"limit=1"}, errors: []string{"limit"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			err := func() error {
				s, err := scenario.Named(test.scenario)
				if err != nil {
					return err
				}
				settings, err := s.Settings(test.scale, test.set)
				if err != nil {
					return err
				}
				_, err = s.Plan(settings)
				return err
			}()
			g.Expect(err).To(HaveOccurred())
			for _, message := range test.errors {
				g.Expect(err).To(MatchError(ContainSubstring(message)))
			}
		})
	}
}

func TestSettingsAreDescribed(t *testing.T) {
	g := NewWithT(t)
	s, err := scenario.Named("basic")
	g.Expect(err).NotTo(HaveOccurred())
	settings, err := s.Settings(0.1, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Describe(settings)).To(And(
		HaveKeyWithValue("create", "4.427/s"), HaveKeyWithValue("fill", "3m9.737s"), HaveKeyWithValue("themes", "16"),
	))
}
