# Every command of Agora. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := protos $(addprefix services/,chassis catalog order account review gateway monolith localmesh cli)

CACHE ?= tiered
REPLICAS ?=
DETACH ?=
OBSERVE ?=
EXPERIMENT ?=
QUICK ?=
ROUNDS ?=
SEED ?=

.DEFAULT_GOAL := help

##@ Run

.PHONY: up
up: install ## Start the whole mesh on this machine (DETACH=1, CACHE=off|shared|tiered, REPLICAS="catalog=3 order=2", OBSERVE=1)
	@$(BIN)/agora mesh up --cache $(CACHE) $(if $(REPLICAS),--replicas "$(REPLICAS)") $(if $(DETACH),--detach) $(if $(OBSERVE),--observe)

.PHONY: down
down: install ## Stop the mesh
	@$(BIN)/agora mesh down

##@ Check

.PHONY: test
test: install-dev ## Run all tests (safe beside a running mesh)
	@$(BIN)/pytest
	@$(MAKE) --no-print-directory helm-test terraform-test

.PHONY: helm-test
helm-test: ## Check the chart, in a venv of its own
	@PYTHON=$(PYTHON) charts/tests/run

.PHONY: terraform-test
terraform-test: ## Check Terraform, in a venv of its own; what cannot run here is skipped by name
	@PYTHON=$(PYTHON) terraform/checks/run

.PHONY: lint
lint: install-dev ## Check format, style, types, import contracts and protos
	@./scripts/lint

.PHONY: dashboards
dashboards: ## Make the chart's dashboards from their source, in the venv of its checks
	@PYTHON=$(PYTHON) charts/tests/install
	@charts/.venv-checks/bin/python -m charts.dashboards

##@ Measure and break

.PHONY: bench
bench: install ## Repeat the seeds' experiments, write reports/ (EXPERIMENT=marketplace|bookstore|hit-miss|albums|..., QUICK=1)
	@$(BIN)/python -m loadtests.experiments $(EXPERIMENT) $(if $(QUICK),--quick)

.PHONY: load
load: install ## Locust with its web page on http://127.0.0.1:8089, against the running mesh
	@$(BIN)/locust -f loadtests/locustfile.py,loadtests/locust_metrics.py --class-picker --web-host 127.0.0.1

.PHONY: chaos
chaos: install ## Fault experiments and random faults; fails when a promise is broken (EXPERIMENT, ROUNDS, SEED, SCALE, SABOTAGE)
	@$(BIN)/python -m loadtests.faults $(EXPERIMENT) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(SCALE),--scale $(SCALE)) $(if $(SABOTAGE),--sabotage $(SABOTAGE))

##@ Ship

.PHONY: images
images: ## Build every image (ENGINE=docker|podman, BASE_IMAGE=...)
	@scripts/images

.PHONY: journey
journey: install-dev ## Build every image, and put the shop in containers through its tests (DEBIAN=trixie, ENGINE, ...)
	@$(BIN)/python -m scripts.container_journey

.PHONY: kind
kind: ## Make a kind cluster and install the chart
	@scripts/kind

##@ Set up

.PHONY: install
install: .venv/installed ## Make .venv from the lock and build the stubs

.PHONY: install-dev
install-dev: .venv/installed-dev ## The same, with what tests and lints need

.PHONY: lock
lock: install-dev ## Resolve requirements*.in into the locks again
	@./scripts/lock

.PHONY: clean
clean: ## Remove .venv and build output; the data in .local stays
	rm -rf .venv protos/build reports

.venv/installed: requirements.lock $(wildcard protos/*.* services/*/pyproject.toml) $(shell find protos/agora -name '*.proto')
	@./scripts/install $(PYTHON) requirements.lock $(PACKAGES)
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@./scripts/install $(PYTHON) requirements-dev.lock
	@touch $@

##@ Help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
