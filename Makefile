# Every command of Agora. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := protos $(addprefix services/,chassis catalog order account review gateway monolith localmesh cli)

CACHE ?= tiered
REPLICAS ?=
DETACH ?=

.DEFAULT_GOAL := help

##@ Run

.PHONY: up
up: install ## Start the whole mesh on this machine (DETACH=1, CACHE=off|shared|tiered, REPLICAS="catalog=3 order=2")
	@$(BIN)/agora mesh up --cache $(CACHE) $(if $(REPLICAS),--replicas "$(REPLICAS)") $(if $(DETACH),--detach)

.PHONY: down
down: install ## Stop the mesh
	@$(BIN)/agora mesh down

##@ Check

.PHONY: test
test: install-dev ## Run all tests (safe beside a running mesh)
	@$(BIN)/pytest
	@$(MAKE) --no-print-directory terraform-test

.PHONY: terraform-test
terraform-test: ## Check Terraform, in a venv of its own; what cannot run here is skipped by name
	@PYTHON=$(PYTHON) terraform/checks/run

.PHONY: lint
lint: install-dev ## Check format, style, types, import contracts and protos
	@./scripts/lint

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
