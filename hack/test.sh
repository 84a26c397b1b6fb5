#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Runs the tests of all modules with the race detector and in random order: first the unit tests, then, one package after
# the other, the integration tests, which are those below a folder named test. They need an API server, which is built
# from source the first time. Everything runs even if something fails.
#
# usage: hack/test.sh [--unit] MODULE...
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
integration=true
if [[ "${1:-}" == --unit ]]; then
  integration=false
  shift
fi
# What the tests leave for people to look at, and what they say they did not run.
export TEST_OUTPUT="${TEST_OUTPUT:-$PWD/test-output}"
export GOWORK=off

# The race detector needs cgo, and cgo a C compiler, which not every machine with Go has. Nothing else needs it, the
# programs neither that tests build.
race="-race"
cgo=1
compiler="$(go env CC)"
if ! command -v "${compiler%% *}" >/dev/null; then
  race=""
  cgo=0
fi
rm -f "$TEST_OUTPUT"/skipped-*.txt

failed=""
run_tests() { # MODULE KIND PACKAGES ARGUMENT...
  local module=$1 kind=$2 packages=$3
  shift 3
  if [[ -z "$packages" ]]; then return; fi
  echo "--- $kind tests of $module"
  # shellcheck disable=SC2086 # package paths have no spaces
  (cd "$module" && CGO_ENABLED=$cgo go test $race -exec 'env CGO_ENABLED=0' -shuffle=on "$@" $packages) || failed="$failed, the $kind tests of $module"
}
with_tests() { (cd "$1" && go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...); }

for module in "$@"; do
  packages="$(with_tests "$module")" || failed="$failed, finding the tests of $module"
  run_tests "$module" unit "$(grep -v '/test/' <<<"$packages" || true)"
done

if $integration; then
  make --no-print-directory local
  KUBEBUILDER_ASSETS="$(bin/local programs --print-dir etcd kube-apiserver kubectl)"
  export KUBEBUILDER_ASSETS
  # All limits are far above what it takes, even on a busy machine.
  export KUBEBUILDER_CONTROLPLANE_START_TIMEOUT=2m KUBEBUILDER_CONTROLPLANE_STOP_TIMEOUT=2m
  for module in "$@"; do
    packages="$(with_tests "$module" 2>/dev/null || true)" # reported above
    # They wait for what happens within seconds, so they do not share the machine with each other.
    run_tests "$module" integration "$(grep '/test/' <<<"$packages" || true)" -p 1 -timeout 40m
  done
fi

if [[ -z "$race" ]]; then
  echo "--- the race detector did not run, because the C compiler $compiler is missing: install gcc or clang"
fi
if ls "$TEST_OUTPUT"/skipped-*.txt >/dev/null 2>&1; then
  echo "--- not run, because a program is missing"
  cat "$TEST_OUTPUT"/skipped-*.txt
fi
if [[ -n "$failed" ]]; then
  echo "FAILED after $SECONDS s: ${failed#, }" >&2
  exit 1
fi
echo "All tests passed in $SECONDS s."
