#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Prints the version of this checkout: the tag, or the last tag and what came after it, or the commit.
#
# usage: hack/version.sh
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
git describe --tags --always --dirty 2>/dev/null || echo devel
