#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Deploys operator, sharder and samples to the cluster that $KUBECONFIG points to, in every mode, looks at what is served
# meanwhile, and removes all of it. See webhosting-operator/test/e2e.
#
# usage: hack/test-e2e.sh [ARGUMENT OF go test...], such as -ginkgo.focus=browser
#
# KO_DOCKER_REPO, KO_DEFAULTBASEIMAGE  as for `make deploy`
# INGRESS_URL  where the cluster's ingress controller answers; without it, the tests route by the Ingress objects themselves
# TIME_LIMIT   how long they may go on beginning specs, such as 5m; what does not run is listed in the end
# TEST_OUTPUT  where the figures and a screenshot go (test-output)
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TEST_OUTPUT="${TEST_OUTPUT:-$PWD/test-output}" GOWORK=off
: "${KUBECONFIG:?these tests change the cluster that KUBECONFIG points to, so it has to be set}"
if [[ "$KUBECONFIG" != /* ]]; then
  KUBECONFIG="$PWD/$KUBECONFIG"
fi
export KUBECONFIG
rm -f "$TEST_OUTPUT/skipped-e2e.txt"

result=0
(cd webhosting-operator && go test -tags e2e -v -count 1 -timeout 30m ./test/e2e -ginkgo.no-color "$@") || result=$?
if [[ -f "$TEST_OUTPUT/skipped-e2e.txt" ]]; then
  echo '--- not run'
  cat "$TEST_OUTPUT/skipped-e2e.txt"
fi
exit "$result"
