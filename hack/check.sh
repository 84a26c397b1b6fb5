#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Builds and lints each module by itself, and builds those of the workspace together. It changes nothing, goes on after a
# failure, and lists all failures at the end.
#
# usage: hack/check.sh MODULE...
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

failed=""
step() { # NAME FOLDER COMMAND...
  local name=$1 folder=$2
  shift 2
  echo "--- $name"
  (cd "$folder" && "$@") || failed="$failed, $name"
}

for module in "$@"; do
  step "build of $module" "$module" env GOWORK=off go build ./...
  step "lint of $module" "$module" env GOWORK=off "$root/hack/tools/run" golangci-lint run ./...
done
step "build of the workspace" . go build ./sharding/... ./webhosting-operator/...

if [[ -n "$failed" ]]; then
  echo "FAILED after $SECONDS s: ${failed#, } (make format repairs some of it)" >&2
  exit 1
fi
echo "All checks passed in $SECONDS s."
