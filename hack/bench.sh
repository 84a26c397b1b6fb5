#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Runs the benchmarks of all modules, one package after the other.
#
# usage: hack/bench.sh MODULE...
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOWORK=off

for module in "$@"; do
  (
    cd "$module"
    packages="$({ grep -rl --include='*_test.go' '^func Benchmark' . || true; } | xargs -n 1 dirname | sort -u)"
    if [[ -n "$packages" ]]; then
      echo "--- $module"
      # shellcheck disable=SC2086 # package paths have no spaces
      go test -run '^$' -bench . -benchmem $packages
    fi
  )
done
