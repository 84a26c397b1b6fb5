// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package population_test

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
)

func TestTheSameSeedMakesTheSameObjects(t *testing.T) {
	g := NewWithT(t)
	p := population.Population{GeneratedBy: "test", Seed: 7, Projects: 3, Themes: 4}
	other := p
	other.Seed = 8
	g.Expect(p.AllThemes()).To(Equal(p.AllThemes()))
	g.Expect(p.AllThemes()).NotTo(Equal(other.AllThemes()))
	same := 0
	for i := range 100 {
		g.Expect(p.Website(i)).To(Equal(p.Website(i)))
		if p.Website(i).Name == other.Website(i).Name {
			same++
		}
	}
	g.Expect(same).To(BeNumerically("<", 10))
}

func TestWebsitesAreValidAndSpread(t *testing.T) {
	g := NewWithT(t)
	p := population.Population{GeneratedBy: "samples-generator", Seed: 1, Projects: 5, Themes: 4, SkipWorkload: true}
	themes, projects, names := map[string]int{}, map[string]int{}, map[string]bool{}
	for i := range 1000 {
		site := p.Website(i)
		g.Expect(validation.IsDNS1035Label(site.Name)).To(BeEmpty())
		g.Expect(len(site.Name)).To(BeNumerically("<=", 56))
		g.Expect(site.Labels).To(Equal(map[string]string{
			"webhosting.timebertt.dev/generated-by": "samples-generator", "webhosting.timebertt.dev/skip-workload": "true",
		}))
		themes[site.Spec.Theme]++
		projects[site.Namespace]++
		names[site.Name] = true
	}
	g.Expect(names).To(HaveLen(1000))
	g.Expect(themes).To(HaveLen(4))
	for _, theme := range p.AllThemes() {
		g.Expect(themes[theme.Name]).To(BeNumerically("~", 250, 75))
	}
	g.Expect(projects).To(HaveLen(5))
	for _, project := range p.AllProjects() {
		g.Expect(projects[project.Name]).To(BeNumerically("~", 200, 75))
		g.Expect(project.Labels).To(HaveKeyWithValue("webhosting.timebertt.dev/project", "true"))
	}
}

func TestWorkloadIsKeptByDefault(t *testing.T) {
	p := population.Population{GeneratedBy: "test", Projects: 1, Themes: 1}
	NewWithT(t).Expect(p.Website(0).Labels).NotTo(HaveKey("webhosting.timebertt.dev/skip-workload"))
}

func TestEachChangeOfAThemeGivesItAnotherLook(t *testing.T) {
	g := NewWithT(t)
	p := population.Population{GeneratedBy: "test", Projects: 1, Themes: 2}
	g.Expect(p.Look(0, 3)).To(Equal(p.Look(0, 3)))
	g.Expect(p.Look(0, 3)).NotTo(Equal(p.Look(0, 4)))
	g.Expect(p.Look(0, 3)).NotTo(Equal(p.Look(1, 3)))
}
