// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

// TestEveryFieldIsDocumented compares the types with the table of fields in the documentation.
func TestEveryFieldIsDocumented(t *testing.T) {
	g := NewWithT(t)
	document, err := os.ReadFile("../../../../docs/configuration.md")
	g.Expect(err).NotTo(HaveOccurred())
	_, table, _ := strings.Cut(string(document), "## Fields")
	table, _, _ = strings.Cut(table, "## Flags")

	var documented []string
	for line := range strings.Lines(table) {
		if path, ok := strings.CutPrefix(line, "| `"); ok {
			path, _, _ = strings.Cut(path, "`")
			documented = append(documented, path)
		}
	}
	g.Expect(documented).To(ConsistOf(fieldPaths(reflect.TypeFor[configv1alpha1.WebhostingOperatorConfig](), "")))
}

// fieldPaths returns the paths of all fields below a type of this package.
func fieldPaths(t reflect.Type, prefix string) []string {
	var paths []string
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		path := prefix + name
		ours := field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == reflect.TypeFor[configv1alpha1.Ingress]().PkgPath()
		switch {
		case field.Name == "TypeMeta":
		case ours && strings.Contains(options, "inline"):
			paths = append(paths, fieldPaths(field.Type, prefix)...)
		case ours:
			paths = append(paths, fieldPaths(field.Type, path+".")...)
		default:
			paths = append(paths, path)
		}
	}
	return paths
}
