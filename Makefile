# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The commands of catalog.mail. `make` without a target lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# With this variable each of the tests' many processes would compile every module that it imports.
unexport PYTHONDONTWRITEBYTECODE
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

COLLECTION := collections/ansible_collections/catalog/mail
LAB := python molecule/shared/lab.py
HAS_LAB = [ "$$(id -u)" -eq 0 ] && [ -x .venv/bin/python ] && command -v podman >/dev/null
SERVICE := $(COLLECTION)/roles/runtime/files/catalog-mail
# Tests that use the emulator of Entra and Graph, and need no host of the lab; those of the service itself are named apart.
EMULATED := tests/emulator_tests tests/modules/microsoft tests/rotation
SERVICE_GRAPH := $(wildcard tests/service/system/test_graph_*.py)

# Those that wait most come first.
LANES := integration service microsoft playbooks.1 playbooks.2 molecule.2 molecule.1

.PHONY: help quickstart test unit lint sanity units service microsoft lab integration playbooks matrix molecule faults soak bench build findings requirements address clean purge tools machine

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

quickstart: machine ## set up a bare host, its relay and the application, and answer an e-mail of the application (root)
	@$(LAB) up --only catalog12 mail
	@ANSIBLE_STDOUT_CALLBACK=catalog.mail.steps ansible-playbook -i inventories/lab playbooks/quickstart.yml

test: ## everything below down to molecule, some lanes beside each other, stopping at the first section that fails (root)
	@.ci/sections machine sanity,lint+unit,lab,units $(subst $() ,+,$(LANES))

# In `make test` the target units runs the collection's own.
test: export UNIT_TESTS_OF_COLLECTION =
UNIT_TESTS_OF_COLLECTION ?= $(COLLECTION)/tests/unit
unit: tools ## tests without a host: pure code, and the repository itself
	@pytest -q $(UNIT_TESTS_OF_COLLECTION) tests/service/unit tests/repository tests/roles

lint: tools ## ruff, mypy, yamllint, ansible-lint, documentation, changelog and licences
	@.ci/lint

sanity: tools ## ansible-test sanity
	@.ci/ansible_test sanity

units: tools ## ansible-test units: the collection's own unit tests, as Ansible's own CI runs them
	@.ci/ansible_test units

service: machine ## tests of the service as a process, with SMTP servers and PostgreSQL of their own (root)
	@pytest tests/service/system $(SERVICE_GRAPH:%=--ignore %)

microsoft: machine ## tests of modules, roles and the service for Entra and Graph, with an emulator of both
	@pytest $(EMULATED) $(SERVICE_GRAPH)

lab: machine ## start the lab's hosts, or leave them as they are (root)
	@$(LAB) up

integration: lab ## tests of modules and of the lab itself against the lab's hosts (root)
	@pytest tests --ignore tests/repository --ignore tests/roles --ignore tests/service --ignore tests/playbooks $(EMULATED:%=--ignore %)

# Playbooks and scenarios have labs of their own, so that they can run beside the integration tests.
playbooks: export CATALOG_MAIL_LAB = 3
playbooks: machine ## tests of the playbooks against the lab's hosts (root)
	@pytest tests/playbooks

# Two parts of the playbooks' tests, with a lab each, for running beside each other.
PART_1 := $(patsubst %,tests/playbooks/test_%.py,application check_mode core_versions)
PART_2 := $(filter-out $(PART_1),$(wildcard tests/playbooks/test_*.py))
playbooks.1: export CATALOG_MAIL_LAB = 3
playbooks.2: export CATALOG_MAIL_LAB = 5
playbooks.%: machine
	@pytest $(PART_$*)

matrix: export CATALOG_MAIL_LAB = 3
matrix: export CATALOG_MAIL_MATRIX = yes
matrix: machine ## for an hour: each tampering with a host alone and 100 pairs, and each ansible-core (root)
	@pytest tests/playbooks/test_check_mode.py tests/playbooks/test_core_versions.py

molecule: export CATALOG_MAIL_LAB = 2
molecule: machine ## the scenarios (root)
	@molecule test --all

# Two halves of the scenarios, with a lab each, for running beside each other.
SCENARIOS := $(patsubst molecule/%/molecule.yml,%,$(wildcard molecule/*/molecule.yml))
HALF_1 := builtin corporate_smtp modern_auth relay relay_implicit_tls reply_faults settings_faults
HALF_2 := $(filter-out $(HALF_1),$(SCENARIOS))
molecule.1: export CATALOG_MAIL_LAB = 2
molecule.2: export CATALOG_MAIL_LAB = 4
molecule.%: machine
	@molecule test $(HALF_$*:%=-s %)

faults: machine ## test for minutes that each reply is posted once while processes are killed and servers fail (root)
	@python tests/faults/exactly_once.py

soak: machine ## run the rulebook, and measure for hours whether memory stays flat; OPTIONS='--notifications 10000' for less (root)
	@CATALOG_MAIL_LAB=3 python tests/soak/rulebook.py
	@python tests/soak/memory.py $(OPTIONS)

bench: lab ## measure speed against floors and peers, and write docs/benchmarks.md (root)
	@.ci/bench.py

build: tools ## the collection as a file for ansible-galaxy, in dist/
	@ansible-galaxy collection build $(COLLECTION) --output-path dist --force

address: tools ## write the repository's public address, URL=https://..., into galaxy.yml and README.md
	@.ci/address.py "$${URL:-}"

findings: tools ## copy the code that collection and service share, and write the pages of findings
	@.ci/findings.py

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make requirements' $(if $(UPGRADE),--upgrade)

requirements: tools ## compile the pinned requirements of this checkout, the service and the lab; UPGRADE=1 upgrades them
	@$(COMPILE) --group dev -o requirements-dev.txt
	@$(COMPILE) $(SERVICE)/pyproject.toml -o $(SERVICE)/requirements.txt
	@$(COMPILE) molecule/shared/images/ckan.in --override molecule/shared/images/ckan-overrides.txt -o molecule/shared/images/ckan.txt

clean: ## stop the lab's hosts, remove the tools' files; images and .venv stay
	@rm -rf dist .ansible .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis $(COLLECTION)/tests/output
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	@if $(HAS_LAB); then for lab in '' 2 3 4 5; do CATALOG_MAIL_LAB=$$lab $(LAB) down; done; fi

purge: clean ## clean, and remove the lab's images and passwords, and .venv
	@if $(HAS_LAB); then for lab in '' 2 3 4 5; do CATALOG_MAIL_LAB=$$lab $(LAB) purge; done; fi
	@rm -rf .venv

tools:
	@.ci/bootstrap

machine:
	@.ci/bootstrap lab
