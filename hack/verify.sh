#!/usr/bin/env bash
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

# Checks what belongs together: generated files and their sources, go.mod and imports, packages and what they may know,
# programs and what makes them large, documents and what they link to, decisions and their numbers.
# It changes nothing, runs all checks, and lists those that failed at the end with the command that repairs them.
#
# usage: hack/verify.sh
set -o errexit -o nounset -o pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
module=github.com/timebertt/kubernetes-controller-sharding
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export GOWORK=off

# The files of the checkout as they are now, committed or not, without what git ignores.
files() { git -C "$root" ls-files --cached --others --exclude-standard -- "$@"; }

# Generating in a copy shows what is stale, and also what is generated no more.
generated() {
  local copy="$scratch/copy" file
  mkdir "$copy"
  files | while IFS= read -r file; do
    if [[ -f "$root/$file" ]]; then printf '%s\n' "$file"; fi
  done | tar -C "$root" -cf - -T - | tar -C "$copy" -xf -
  cp -R "$copy" "$scratch/before"
  find "$copy" -name 'zz_generated.*' -exec rm {} +
  rm -f "$copy"/config/crd/bases/*.yaml "$copy"/webhosting-operator/config/crd/bases/*.yaml
  "$copy/hack/generate.sh"
  diff -ru "$scratch/before" "$copy"
}

tidy() {
  local file diff failed=0
  while IFS= read -r file; do
    if ! diff="$(cd "$root/$(dirname "$file")" && go mod tidy -diff)"; then
      echo "$file or its go.sum is not tidy:"
      grep '^[-+]' <<<"$diff" | head -n 20 || true
      failed=1
    fi
  done < <(files '*go.mod')
  return "$failed"
}

# The linter sees the direct imports of a file only.
imports() {
  local failed=0
  forbid() { # MODULE PACKAGE PATTERN
    local dependencies forbidden
    dependencies="$(cd "$root/$1" && go list -deps "./$2")" || return
    if forbidden="$(grep -E "$3" <<<"$dependencies")"; then
      printf '%s/%s must not depend on\n%s\n' "$1" "$2" "$(head -n 5 <<<"$forbidden")"
      failed=1
    fi
  }
  local package clients='^(k8s\.io/client-go|sigs\.k8s\.io/controller-runtime)(/|$)'
  for package in ring key lease plan; do
    forbid sharding "$package" "$clients"
  done
  forbid sharding ring "^(k8s\.io|sigs\.k8s\.io|$module/sharding/(key|lease|plan|shard|sharder))(/|$)"
  forbid sharding shard/... "^$module/sharding/sharder(/|$)"
  forbid sharding sharder/... "^$module/sharding/shard(/|$)"
  for package in sharder/scope sharder/membership; do
    forbid sharding "$package" "^$module/sharding/sharder/(lead|internal)(/|$)"
  done
  forbid webhosting-operator cmd/webhosting-operator "^$module/webhosting-operator/internal/load(/|$)"
  for package in capacity ledger pace population result scenario; do
    forbid webhosting-operator "internal/load/$package" "$clients"
  done
  return "$failed"
}

# A program that can reach a template engine keeps each method of each type that it links: docs/adr/0012-lean-programs.md.
lean() {
  local program failed=0
  for program in sharding/cmd/sharder webhosting-operator/cmd/webhosting-operator; do
    (cd "$root/${program%%/*}" && go build -buildvcs=false -o "$scratch/program" "./${program#*/}")
    if go tool nm "$scratch/program" | grep -F 'text/template.(*state).evalField' >/dev/null; then
      echo "$program reaches the package text/template"
      failed=1
    fi
  done
  return "$failed"
}

# The linter checks the headers of Go files.
headers() {
  local file failed=0
  while IFS= read -r file; do
    if [[ -f "$root/$file" ]] && head -n 1 "$root/$file" | grep -q '^#!.*sh$' &&
      ! head -n 3 "$root/$file" | grep -q 'SPDX-License-Identifier: Apache-2.0'; then
      echo "$file has no licence header"
      failed=1
    fi
  done < <(files)
  return "$failed"
}

# Links between documents, by path. What tests feed on need not be whole.
links() {
  local file target failed=0
  while IFS= read -r file; do
    while IFS= read -r target; do
      if [[ ! -e "$root/$(dirname "$file")/$target" ]]; then
        echo "$file links to $target, which is not there"
        failed=1
      fi
    done < <(grep -oE '\]\([^)# ]+' "$root/$file" | cut -c 3- | grep -v '^[a-z]*://')
  done < <(files '*.md' ':!*/testdata/*')
  return "$failed"
}

# Decisions are cited by their number, and found in the list of all.
decisions() {
  local file failed=0
  while IFS= read -r file; do
    if [[ "$(files "docs/adr/${file:9:5}*" | wc -l)" -ne 1 ]]; then
      echo "$file has the number of another decision"
      failed=1
    fi
    if ! grep -q "](${file##*/})" "$root/docs/adr/README.md"; then
      echo "$file is not in the table of docs/adr/README.md"
      failed=1
    fi
  done < <(files 'docs/adr/[0-9]*.md')
  return "$failed"
}

failures=()
check() { # NAME REPAIR
  echo "--- $1"
  # In a subshell of its own that ends with the first error, which an if would ignore.
  set +o errexit
  (set -o errexit && "$1")
  local result=$?
  set -o errexit
  if [[ $result -ne 0 ]]; then failures+=("$1: $2"); fi
}

check generated 'run: make generate'
check tidy 'run: GOWORK=off go mod tidy, in each module named above'
check imports 'see docs/development.md for the directions of imports'
check lean 'find who imports it by: go list -deps, and go build -ldflags=-dumpdep'
check headers 'start the file as the others start'
check links 'repair the links named above'
check decisions 'give each decision the next free number, and a line in docs/adr/README.md'

if [[ ${#failures[@]} -gt 0 ]]; then
  printf 'failed: %s\n' "${failures[@]}" >&2
  exit 1
fi
echo 'everything is as it should be'
