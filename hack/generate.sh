#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Writes the generated files of the operator: deep copies, CRDs and the ClusterRole. controller-gen is built from its
# own module, so that its dependencies stay out of the product's.
#
# usage: hack/generate.sh [OUTPUT_DIRECTORY]
# With a directory, the CRDs and the ClusterRole are written below it instead of into the tree (so that a check can compare).
set -o errexit -o nounset -o pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
operator="$root/webhosting-operator"
output="${1:-$operator/config}"
bin="$root/bin"

export GOWORK=off
mkdir -p "$bin"
(cd "$root/hack/tools/controller-gen" && go build -o "$bin/controller-gen" sigs.k8s.io/controller-tools/cmd/controller-gen)

cd "$operator"
if [[ $# -eq 0 ]]; then
  "$bin/controller-gen" object paths="./api/..."
fi
"$bin/controller-gen" crd paths="./api/v1alpha1" output:crd:dir="$output/crd/bases"
"$bin/controller-gen" rbac:roleName=webhosting-operator paths="./internal/website/..." output:rbac:dir="$output/rbac"
