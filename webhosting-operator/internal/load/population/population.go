// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package population makes up themes, projects and websites. What it makes depends on a seed and on how many were asked
// for before, and on nothing else, so that the same seed always gives the same objects. It talks to no cluster.
package population

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// LabelGeneratedBy on an object names the program that made it, which alone may delete it.
const LabelGeneratedBy = v1alpha1.GroupName + "/generated-by"

// Population says what is made up.
type Population struct {
	// GeneratedBy is the program that makes the objects. It is the value of their label, and their names begin with it.
	GeneratedBy string
	// Seed chooses what is random.
	Seed uint64
	// Projects and Themes are how many of these there are; at least 1 each.
	Projects, Themes int
	// SkipWorkload leaves the websites without pods.
	SkipWorkload bool
}

// Streams of randomness, so that the number of themes does not change the websites.
const (
	streamTheme uint64 = iota << 32
	streamWebsite
	streamChange
)

func (p Population) random(stream uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(p.Seed, stream+uint64(i))) //nolint:gosec // it is to be repeatable, and i is never negative
}

// Labels are on every object that is made.
func (p Population) Labels() map[string]string {
	return map[string]string{LabelGeneratedBy: p.GeneratedBy}
}

// ThemeName returns the name of a theme by its number, from 0 on.
func (p Population) ThemeName(i int) string { return fmt.Sprintf("%s-%02d", p.GeneratedBy, i) }

// ProjectName returns the name of a project's namespace by its number, from 0 on.
func (p Population) ProjectName(i int) string { return fmt.Sprintf("%s-%02d", p.GeneratedBy, i) }

// AllThemes returns the themes.
func (p Population) AllThemes() []*v1alpha1.Theme {
	themes := make([]*v1alpha1.Theme, 0, p.Themes)
	for i := range p.Themes {
		random := p.random(streamTheme, i)
		themes = append(themes, &v1alpha1.Theme{
			TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Theme"},
			ObjectMeta: metav1.ObjectMeta{Name: p.ThemeName(i), Labels: p.Labels()},
			Spec:       look(random),
		})
	}
	return themes
}

// Look returns what a theme looks like after it was changed so many times.
func (p Population) Look(theme, changes int) v1alpha1.ThemeSpec {
	random := p.random(streamChange, theme)
	spec := look(random)
	for range changes {
		spec = look(random)
	}
	return spec
}

func look(random *rand.Rand) v1alpha1.ThemeSpec {
	return v1alpha1.ThemeSpec{
		Color:      fmt.Sprintf("#%06x", random.IntN(1<<24)),
		FontFamily: fonts[random.IntN(len(fonts))],
	}
}

// AllProjects returns the namespaces of the projects.
func (p Population) AllProjects() []*corev1.Namespace {
	projects := make([]*corev1.Namespace, 0, p.Projects)
	for i := range p.Projects {
		labels := p.Labels()
		labels[v1alpha1.LabelProject] = "true"
		labels["pod-security.kubernetes.io/enforce"] = "restricted"
		projects = append(projects, &corev1.Namespace{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: p.ProjectName(i), Labels: labels},
		})
	}
	return projects
}

// Website returns a website by its number, from 0 on. Each has a name of its own.
func (p Population) Website(i int) *v1alpha1.Website {
	random := p.random(streamWebsite, i)
	labels := p.Labels()
	if p.SkipWorkload {
		labels[v1alpha1.LabelSkipWorkload] = "true"
	}
	name := fmt.Sprintf("%s-%s-%05d", adjectives[random.IntN(len(adjectives))], nouns[random.IntN(len(nouns))], i)
	return &v1alpha1.Website{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Website"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: p.ProjectName(random.IntN(p.Projects)), Labels: labels,
		},
		Spec: v1alpha1.WebsiteSpec{Theme: p.ThemeName(random.IntN(p.Themes))},
	}
}
