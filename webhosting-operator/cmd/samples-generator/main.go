// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command samples-generator fills a cluster with random websites.
package main

import (
	"os"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
)

func main() { os.Exit(cli.Main(newCommand(), os.Args[1:])) }
