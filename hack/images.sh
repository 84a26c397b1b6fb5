#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Builds the images of the operator and of the sharder without Docker, and publishes them to $KO_DOCKER_REPO, where
# kind.local stands for the nodes of a kind cluster. The same commit gives the same images, on the same base image with the
# same Go. What was published is listed in dist/images.txt by digest, what is in it in dist/sbom.
#
# usage: hack/images.sh
#
# KO_DOCKER_REPO       where to publish to (kind.local)
# KO_DEFAULTBASEIMAGE  what to build on (ko's default)
# PLATFORMS            what to build for (linux/amd64,linux/arm64)
# VERSION              what --version says (`git describe`)
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
module=github.com/timebertt/kubernetes-controller-sharding

export KO_DOCKER_REPO="${KO_DOCKER_REPO:-kind.local}"
export VERSION="${VERSION:-$(hack/version.sh)}"

mkdir -p dist/sbom
hack/tools/run ko build --base-import-paths --tags "${VERSION//+/-}" --platform "${PLATFORMS:-linux/amd64,linux/arm64}" \
  --sbom spdx --sbom-dir dist/sbom --image-refs dist/images.txt \
  "$module/webhosting-operator/cmd/webhosting-operator" "$module/sharding/cmd/sharder" >/dev/null
cat dist/images.txt
