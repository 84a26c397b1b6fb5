// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

// version is set by the linker for releases: -ldflags "-X main.version=v1.2.3".
var version string
