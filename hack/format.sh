#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Formats the code of each module and applies what the linter can repair by itself. What remains is for `make check` to
# report.
#
# usage: hack/format.sh MODULE...
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
export GOWORK=off

for module in "$@"; do
  echo "--- $module"
  (
    cd "$module"
    "$root/hack/tools/run" golangci-lint run --fix --issues-exit-code 0 ./... >/dev/null
    "$root/hack/tools/run" golangci-lint fmt ./...
  )
done
