# The commands for developers and visitors; `make` alone prints the targets. Each target sets up what
# it needs under .venv (and the jars in the user's cache), and is quick once that is done.

PYTHON ?= python3
FILE ?=
ENV ?= dev
SETTINGS ?=

VENV := .venv
BIN := $(VENV)/bin
# Stamps: when a lock changes, it is installed again.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
NODE_MODULES := node_modules/.installed
# The emulator of AWS needs other versions of the same packages, so it has its own environment.
LOCALSTACK := build/localstack
INSTALLED_LOCALSTACK := $(LOCALSTACK)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
PYTEST := $(BIN)/python -m pytest
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev jars node check format test test-unit test-spark test-e2e test-faults test-localstack demo bench synth assets reference lock lock-localstack lock-jars clean
.DELETE_ON_ERROR:

help: ## print this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## make .venv with the locked packages and .venv/bin/shopstream

setup-dev: $(INSTALLED_DEV) ## the same, with the tools of `make check` and `make test`

jars: $(INSTALLED) ## fetch the locked jars of Kafka and Spark into the user's cache, checked
	@$(BIN)/shopstream jars

node: $(NODE_MODULES) ## make node_modules with the locked CDK command

check: $(INSTALLED_DEV) ## lint, format, types, import arrows, and the tests of the tree's shape
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) tests/architecture

format: $(INSTALLED_DEV) ## write the code as `make check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Three processes on two cores, because whole stacks also wait for triggers and brokers. The order of
# the tests, and which process runs them, is in tests/conftest.py.
test: $(INSTALLED_DEV) $(NODE_MODULES) jars ## every test but those on a LocalStack
	$(PYTEST) --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations=20

test-unit: $(INSTALLED_DEV) ## tests that start nothing
	$(PYTEST) -m "not spark and not e2e and not faults and not localstack"

test-spark: $(INSTALLED_DEV) jars ## tests in a Spark session
	$(PYTEST) -m "spark and not e2e and not faults"

test-e2e: $(INSTALLED_DEV) $(NODE_MODULES) jars ## tests on a whole stack: Kafka, Postgres, Spark
	$(PYTEST) -m "e2e and not faults"

test-faults: $(INSTALLED_DEV) jars ## tests that kill what they started
	$(PYTEST) -m faults

test-localstack: $(INSTALLED_LOCALSTACK) $(NODE_MODULES) ## deploy the AWS stacks to a LocalStack, as far as it has the services
	$(PYTEST) -m localstack --durations=3 tests/localstack

demo: $(INSTALLED) ## real orders to live answers, proved, then everything stopped (FILE=your.csv)
	$(BIN)/shopstream demo $(if $(FILE),--file "$(FILE)")

bench: $(INSTALLED_DEV) jars ## measure speed and memory; results are added to bench/results
	$(BIN)/python -m bench

assets: $(INSTALLED_DEV) $(NODE_MODULES) ## build what a deployment ships: code, jars, dependencies, functions
	@$(BIN)/shopstream assets --out build/assets

synth: $(INSTALLED_DEV) ## write the CloudFormation templates to cdk.out (ENV=dev|staging|production SETTINGS=your.toml)
	@rm -rf cdk.out.new
	@PATH="$(CURDIR)/$(BIN):$$PATH" CDK_OUTDIR=cdk.out.new \
	  CDK_CONTEXT_JSON='{"environment": "$(ENV)", "settings": "$(SETTINGS)"}' $(BIN)/python app.py || { rm -rf cdk.out.new; exit 1; }
	@rm -rf cdk.out && mv cdk.out.new cdk.out
	@ls cdk.out/*.template.json

reference: $(INSTALLED) ## write docs/reference from the code
	@$(BIN)/python -m ops.reference

lock: $(INSTALLED_DEV) ## lock what pyproject.toml chooses: requirements.txt, requirements-dev.txt
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) local/locks/jobs.in -c requirements.txt -o requirements-jobs.txt
	$(LOCK) local/locks/functions.in -c requirements.txt -o requirements-functions.txt

lock-localstack: $(INSTALLED_DEV) ## lock LocalStack and the packages of the day when it was published
	echo 'localstack-core[runtime]==4.9.2' | $(LOCK) --exclude-newer 2025-10-20 - -o requirements-localstack.txt

lock-jars: $(INSTALLED) ## lock what the roots of local/jars.toml need
	$(BIN)/python -m local.java.jars lock $(if $(SSL_CERT_FILE),--certificates "$(SSL_CERT_FILE)")

clean: ## remove what was built here; stacks and cached jars stay
	rm -rf $(VENV) node_modules build cdk.out cdk.out.new dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: '$(PYTHON)' is missing or older than Python 3.11" >&2; \
	  echo "next: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "error: '$(PYTHON) -m venv' failed" >&2; \
	  echo "likely cause: Debian and Ubuntu have it in a package of its own" >&2; \
	  echo "next: apt install python3-venv" >&2; exit 1; }

# uv takes 40 s where pip takes 100 for the same packages. pip installs it, and the locked setuptools,
# which builds pyspark, that is published as source: nothing is installed whose hash is not in a lock.
$(INSTALLED): requirements.txt pyproject.toml ops/launcher.sh | $(BIN)/python
	@echo "setting up $(VENV): the packages of requirements.txt (about 0.6 GB, pyspark above all)"
	@sed -n -e '/^setuptools==/,/^ *# via/p' -e '/^uv==/,/^ *# via/p' requirements-dev.txt > $(VENV)/installers.txt
	$(PIP) install --quiet --require-hashes -r $(VENV)/installers.txt
	$(INSTALL) --require-hashes --no-build-isolation -r requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@install -m 755 ops/launcher.sh $(BIN)/shopstream
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "setting up $(VENV): the tools of requirements-dev.txt"
	$(INSTALL) --require-hashes --no-build-isolation -r requirements-dev.txt
	@touch $@

# Some of its packages are published as source: the locked setuptools is installed first, as above.
$(INSTALLED_LOCALSTACK): requirements-localstack.txt $(INSTALLED_DEV)
	@echo "setting up $(LOCALSTACK): the packages of requirements-localstack.txt (about 0.5 GB)"
	@rm -rf $(LOCALSTACK)
	@$(BIN)/uv venv --quiet --python $(BIN)/python $(LOCALSTACK)
	@sed -n '/^setuptools==/,/^ *# via/p' requirements-localstack.txt > $(LOCALSTACK)/setuptools.txt
	@$(BIN)/uv pip install --quiet --python $(LOCALSTACK) --require-hashes -r $(LOCALSTACK)/setuptools.txt
	@$(BIN)/uv pip install --quiet --python $(LOCALSTACK) --require-hashes --no-build-isolation \
	  -r requirements-localstack.txt
	@touch $@

# The locked tools of package.json, installed by the Node of .venv.
$(NODE_MODULES): package.json package-lock.json $(INSTALLED_DEV)
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@
