#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Writes the generated files: deep copies, CRDs and the ClusterRole of the operator.
#
# usage: hack/generate.sh
set -o errexit -o nounset -o pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
controller_gen() { "$root/hack/tools/run" controller-gen "$@"; }

export GOWORK=off
cd "$root/sharding"
controller_gen object paths="./api/..." paths="./componentconfig"
controller_gen crd paths="./api/v1alpha1" output:crd:dir="../config/crd/bases"

cd "$root/webhosting-operator"
controller_gen object paths="./api/..."
controller_gen crd paths="./api/v1alpha1" output:crd:dir="config/crd/bases"
controller_gen rbac:roleName=webhosting-operator paths="./internal/website/..." output:rbac:dir="config/rbac"
