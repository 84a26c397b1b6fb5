// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package configtest helps to test configuration files.
package configtest

import (
	"reflect"
	"strings"
)

// FieldPaths returns the paths of all fields of a configuration, as people write them.
func FieldPaths(config reflect.Type) []string { return fieldPaths(config, "") }

func fieldPaths(t reflect.Type, prefix string) []string {
	var paths []string
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		path := prefix + name
		ours := field.Type.Kind() == reflect.Struct && strings.Contains(field.Type.PkgPath(), "/kubernetes-controller-sharding/")
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

// DocumentedPaths returns the first column of the table below "### Fields" in a chapter of a document.
func DocumentedPaths(document, chapter string) []string {
	_, table, _ := strings.Cut(document, "\n## "+chapter+"\n")
	_, table, _ = strings.Cut(table, "\n### Fields\n")
	table, _, _ = strings.Cut(table, "\n##")
	var paths []string
	for line := range strings.Lines(table) {
		if path, ok := strings.CutPrefix(line, "| `"); ok {
			path, _, _ = strings.Cut(path, "`")
			paths = append(paths, path)
		}
	}
	return paths
}
