// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const (
	colorRule = "must be a CSS colour name in lower-case letters (teal), or #rgb, #rrggbb or #rrggbbaa in hexadecimal digits"
	fontRule  = "must be font families separated by commas, each made of letters, digits, spaces, hyphens and underscores, starting with a letter, hyphen or underscore; quotes are not allowed, nor needed"
	themeRule = "must be the name of a Theme: lower-case letters, digits, hyphens and dots, starting and ending with a letter or digit"
	labelRule = "the name of a Website must be a DNS label that starts with a letter: lower-case letters, digits and hyphens, ending with a letter or digit"
)

// dry is how objects are created that nobody needs.
var dry = client.DryRunAll

func object(kind, name string, spec map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	object.SetName(name)
	if kind == "Website" {
		object.SetNamespace("default")
	}
	if spec != nil {
		object.Object["spec"] = spec
	}
	return object
}

var _ = Describe("The API server", func() {
	DescribeTable("accepts a Theme",
		func(ctx context.Context, color, font string) {
			Expect(api.Create(ctx, object("Theme", "a", map[string]any{"color": color, "fontFamily": font}), dry)).To(Succeed())
		},
		Entry("with a colour name", "lightgoldenrodyellow", "serif"),
		Entry("with three digits", "#aB9", "serif"),
		Entry("with six digits", "#00ff7F", "serif"),
		Entry("with eight digits", "#00ff7f80", "serif"),
		Entry("with several fonts", "teal", "Helvetica Neue, Arial,sans-serif"),
		Entry("with a font that starts with a hyphen", "teal", "-apple-system, _x, Source Sans 3"),
	)

	DescribeTable("refuses a Theme's colour",
		func(ctx context.Context, color, message string) {
			err := api.Create(ctx, object("Theme", "a", map[string]any{"color": color, "fontFamily": "serif"}), dry)
			Expect(err).To(MatchError(And(ContainSubstring("spec.color"), ContainSubstring(message))))
		},
		Entry("that is empty", "", colorRule),
		Entry("that ends the declaration", "red;}", colorRule),
		Entry("that ends the style sheet", "</style>", colorRule),
		Entry("that calls a function", "url(x)", colorRule),
		Entry("with a capital letter", "Red", colorRule),
		Entry("with too few digits", "#12", colorRule),
		Entry("with five digits", "#12345", colorRule),
		Entry("with a digit that is none", "#12345g", colorRule),
		Entry("on two lines", "red\nblue", colorRule),
		Entry("that is too long", strings.Repeat("a", 33), "may not be more than 32"),
	)

	DescribeTable("refuses a Theme's font",
		func(ctx context.Context, font, message string) {
			err := api.Create(ctx, object("Theme", "a", map[string]any{"color": "red", "fontFamily": font}), dry)
			Expect(err).To(MatchError(And(ContainSubstring("spec.fontFamily"), ContainSubstring(message))))
		},
		Entry("that is empty", "", fontRule),
		Entry("in quotes", `"Arial"`, fontRule),
		Entry("that ends the declaration", "a; color: red", fontRule),
		Entry("that ends the style sheet", "a</style>", fontRule),
		Entry("with an escape", `a\3c b`, fontRule),
		Entry("with an empty family", "a,,b", fontRule),
		Entry("with a comma at the end", "a,", fontRule),
		Entry("with a leading space", " a", fontRule),
		Entry("on two lines", "a\nb", fontRule),
		Entry("that is too long", strings.Repeat("a", 129), "may not be more than 128"),
	)

	DescribeTable("refuses a Website's theme",
		func(ctx context.Context, theme, message string) {
			err := api.Create(ctx, object("Website", "a", map[string]any{"theme": theme}), dry)
			Expect(err).To(MatchError(And(ContainSubstring("spec.theme"), ContainSubstring(message))))
		},
		Entry("that is empty", "", themeRule),
		Entry("with a capital letter", "Lucid", themeRule),
		Entry("with a space", "a b", themeRule),
		Entry("that ends with a dot", "a.", themeRule),
		Entry("with an empty part", "a..b", themeRule),
		Entry("that is too long", strings.Repeat("a", 64), "may not be more than 63"),
	)

	DescribeTable("refuses names",
		func(ctx context.Context, kind, name, message string) {
			spec := map[string]any{"theme": "a", "color": "red", "fontFamily": "serif"}
			Expect(api.Create(ctx, object(kind, name, spec), dry)).To(MatchError(ContainSubstring(message)))
		},
		Entry("of websites with a dot", "Website", "a.b", labelRule),
		Entry("of websites that start with a digit", "Website", "1a", labelRule),
		Entry("of websites that are too long", "Website", strings.Repeat("a", 57),
			"the name of a Website must have at most 56 characters, to leave room for the suffix of its objects' names"),
		Entry("of themes that are too long", "Theme", strings.Repeat("a", 64),
			"the name of a Theme must have at most 63 characters"),
	)

	It("accepts the longest names", func(ctx context.Context) {
		spec := map[string]any{"theme": strings.Repeat("a", 63)}
		Expect(api.Create(ctx, object("Website", strings.Repeat("a", 56), spec), dry)).To(Succeed())
		spec = map[string]any{"color": strings.Repeat("a", 32), "fontFamily": strings.Repeat("a", 128)}
		Expect(api.Create(ctx, object("Theme", strings.Repeat("a", 63), spec), dry)).To(Succeed())
	})

	DescribeTable("refuses objects without what they need",
		func(ctx context.Context, kind string, spec map[string]any, message string) {
			Expect(api.Create(ctx, object(kind, "a", spec), dry)).To(MatchError(ContainSubstring(message)))
		},
		Entry("a website without a spec", "Website", nil, "spec: Required value"),
		Entry("a website without a theme", "Website", map[string]any{}, "spec.theme: Required value"),
		Entry("a theme without a spec", "Theme", nil, "spec: Required value"),
		Entry("a theme without a colour", "Theme", map[string]any{"fontFamily": "a"}, "spec.color: Required value"),
		Entry("a theme without a font", "Theme", map[string]any{"color": "red"}, "spec.fontFamily: Required value"),
	)

	It("refuses a phase that does not exist", func(ctx context.Context) {
		site := newWebsite(ctx, newNamespace(ctx), "blog", "a")
		site.Status.Phase = "Happy"
		Expect(api.Status().Update(ctx, site)).To(MatchError(ContainSubstring(
			`supported values: "Pending", "Ready", "Error", "Terminating"`)))
	})
})
