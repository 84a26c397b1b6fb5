# Websites on a local cluster: `make up` starts it, `make down` ends it; on a real one: `make deploy`, `make undeploy`.
# `make` lists the rest.
#
# GNU make 3.81, which macOS comes with, is enough.

# Variables that people set on the command line:
#   make up MODE=singleton      one instance of the operator instead of several that share the work
#   make up MODE=dedicated      several that share the work, with the sharder as a component of its own
#   make up SHARDS=4            how many share it
#   make kill SHARD=NAME        which instance, of the operator or the sharder, to end by force
#   make measure WEBSITES=100   how many websites to measure with
#   make measure CHURN=25       how many of them to change each second meanwhile
#   make deploy MODE=sharded-dedicated SHARDS=5 COMPONENTS="monitoring debug"
#   make undeploy PURGE=true    with all websites and themes
#   make evaluate SETUPS="singleton sharded"    what to compare
#   make evaluate SCENARIO=basic SCALE=0.1      under which load, and how much of it
#   make evaluate CPU=0.1       how many processors each instance may use
MODE ?= sharded
SHARDS ?=
SHARD ?=
WEBSITES ?= 1000
CHURN ?= 25
SETUPS ?= singleton sharded dedicated
SCENARIO ?= basic
SCALE ?= 0.1
CPU ?=
COMPONENTS ?=
PURGE ?=

# Read by ko and by what runs it, so from the environment or the command line:
#   KO_DOCKER_REPO         where images are published to; kind.local: into the nodes of kind
#   KO_DEFAULTBASEIMAGE    what they are built on
#   PLATFORMS VERSION      what `make images` builds for, and what --version says
KO_DOCKER_REPO ?= kind.local
KIND_CLUSTER_NAME ?= webhosting
export KO_DOCKER_REPO KIND_CLUSTER_NAME

# Programs are built alike everywhere, so that libraries are compiled once, and without a C compiler.
CGO_ENABLED ?= 0
export CGO_ENABLED

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# The command that runs the local cluster. It builds whatever else is needed.
LOCAL := bin/local
# The command that puts the operator on a cluster that is there.
CLUSTER := bin/cluster

##@ General

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo

.PHONY: clean
clean: ## End the local cluster and remove all that was built here (the programs in the cache stay)
	@if [ -d .local ]; then $(MAKE) --no-print-directory down; fi
	@rm -rf .local bin test-output

##@ Local cluster

.PHONY: up
up: local ## Start cluster, operator and sample websites, or change them: MODE=sharded|dedicated|singleton SHARDS=3
	@$(LOCAL) up --mode '$(MODE)' $(if $(SHARDS),--shards '$(SHARDS)')

.PHONY: down
down: local ## End all of it and remove its state
	@$(LOCAL) down

.PHONY: status
status: local ## Tell what runs, and how the websites are
	@$(LOCAL) status || [ $$? -eq 3 ] # which means that it told about a problem

.PHONY: kill
kill: local ## End an instance of operator or sharder by force: SHARD=webhosting-operator-2
	@$(LOCAL) kill '$(SHARD)'

.PHONY: writes
writes: local ## Tell who wrote what last, from the API server's audit log
	@$(LOCAL) writes

.PHONY: measure
measure: local ## Measure many websites, and shards that leave, crash and join: WEBSITES=1000 CHURN=25
	@$(LOCAL) measure --websites '$(WEBSITES)' --churn '$(CHURN)'

.PHONY: measure-sharder
measure-sharder: local ## Measure the sharder apart from the operator: webhook, memory, moves: WEBSITES=1000 CHURN=25
	@$(LOCAL) measure-sharder --websites '$(WEBSITES)' --churn '$(CHURN)'

EVALUATE = $(if $(SHARDS),--shards '$(SHARDS)') $(if $(CPU),--cpu '$(CPU)')

.PHONY: evaluate
evaluate: local ## Compare set-ups under load, and write a report: SETUPS="singleton sharded" SCENARIO=basic SCALE=0.1
	@$(LOCAL) evaluate --setups '$(shell echo $(SETUPS) | tr ' ' ,)' --scenario '$(SCENARIO)' --scale '$(SCALE)' $(EVALUATE)

.PHONY: profile
profile: local ## The same, with CPU and heap profiles of every instance as flame graphs in the report
	@$(LOCAL) evaluate --profile --setups '$(shell echo $(SETUPS) | tr ' ' ,)' --scenario '$(SCENARIO)' --scale '$(SCALE)' $(EVALUATE)

.PHONY: programs
programs: local ## Build the programs of the cluster and of the tests (`make up` does so too)
	@$(LOCAL) programs

##@ On a cluster (KUBECONFIG, or else the kind cluster of this checkout)

.PHONY: kind-up
kind-up: local ## Start a kind cluster with an ingress controller on http://localhost:8080
	@hack/kind/run up

.PHONY: kind-down
kind-down: local ## Remove the kind cluster
	@hack/kind/run down

.PHONY: images
images: go-is-there ## Build the images of operator and sharder, and publish them to KO_DOCKER_REPO
	@hack/images.sh

.PHONY: deploy
deploy: cluster ## Install the operator, or change its mode: MODE=singleton|sharded|sharded-dedicated SHARDS=3 COMPONENTS=
	@$(CLUSTER) deploy --mode '$(MODE)' $(if $(SHARDS),--shards '$(SHARDS)') --components '$(comma_separated)'

.PHONY: samples
samples: cluster ## Create projects with websites, and wait until they are ready
	@$(CLUSTER) samples

.PHONY: undeploy
undeploy: cluster ## Remove the operator; websites stay and are served, unless PURGE=true
	@$(CLUSTER) undeploy $(if $(filter true yes 1,$(PURGE)),--purge)

.PHONY: installer
installer: cluster ## Write dist/install.yaml and the like, with images by digest in KO_DOCKER_REPO
	@$(CLUSTER) installer $(if $(PLATFORMS),--platforms '$(PLATFORMS)')

##@ Tests and checks

# The modules with code of this project. Those that only pin programs and tools are not among them.
MODULES := sharding webhosting-operator hack/local

.PHONY: test
test: go-is-there ## Run all tests: unit, and integration against a real API server
	@hack/test.sh $(MODULES)

.PHONY: test-unit
test-unit: go-is-there ## Run the tests that need no API server
	@hack/test.sh --unit $(MODULES)

.PHONY: test-e2e
test-e2e: go-is-there ## Deploy to the cluster of KUBECONFIG in every mode, look at the websites meanwhile, remove all of it
	@hack/test-e2e.sh

.PHONY: bench
bench: go-is-there ## Run all benchmarks
	@hack/bench.sh $(MODULES)

.PHONY: check
check: go-is-there ## Build and lint each module by itself; changes nothing
	@hack/check.sh $(MODULES)

.PHONY: verify
verify: go-is-there ## Check generated files, go.mod, imports, headers, links, decisions; changes nothing
	@hack/verify.sh

.PHONY: generate
generate: go-is-there ## Write the generated files: deep copies, CRDs, the ClusterRole
	@hack/generate.sh

.PHONY: format
format: go-is-there ## Format the code, and apply what the linter can repair by itself
	@hack/format.sh $(MODULES)

##@ Building blocks

.PHONY: local
local: go-is-there ## Build the command bin/local that runs the local cluster
	@[ -x $(LOCAL) ] || echo "building $(LOCAL), which takes a minute or two the first time"
	@cd hack/local && GOWORK=off go build -buildvcs=false -o ../../$(LOCAL) .

.PHONY: cluster
cluster: go-is-there ## Build the command bin/cluster that installs the operator on a cluster
	@[ -x $(CLUSTER) ] || echo "building $(CLUSTER), which takes a minute or two the first time"
	@cd hack/local && GOWORK=off go build -buildvcs=false -o ../../$(CLUSTER) ./cluster

empty :=
comma := ,
comma_separated = $(subst $(empty) $(empty),$(comma),$(strip $(COMPONENTS)))

# Go selects the version that a go.mod asks for by itself, from version 1.21 on.
.PHONY: go-is-there
go-is-there:
	@command -v go >/dev/null 2>&1 || { \
		echo "Go is not installed, and everything here is built from source with it:" >&2; \
		echo "install Go 1.26 or newer from https://go.dev/dl and put it on the PATH." >&2; exit 1; }
	@found=`cd hack/local && GOWORK=off go env GOVERSION 2>&1` && minor=`echo "$$found" | sed -n 's/.*go1\.\([0-9][0-9]*\).*/\1/p'` && \
		[ -n "$$minor" ] && [ "$$minor" -ge 26 ] || { \
		echo "Go 1.26 or newer is needed, and this is: $$found" >&2; \
		echo "install it from https://go.dev/dl and put it on the PATH." >&2; exit 1; }
