// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// ShortVersion is the version of a program for its user agent: the given one, which a release has, else that of the
// module, else "devel".
func ShortVersion(version string) string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// FullVersion is the same for people, with where it was built from.
func FullVersion(version string) string {
	revision := "unknown revision"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = "revision " + setting.Value
			}
		}
	}
	return fmt.Sprintf("%s (%s, %s)", ShortVersion(version), revision, runtime.Version())
}
