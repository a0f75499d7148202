# Acuerdo. `make help` says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
UV_VERSION := 0.13.9
KUSTOMIZE_VERSION := v5.7.1
BIN := .venv/bin
PROTOS := $(shell find proto/acuerdo proto/third_party/buf -name '*.proto')
ARGS ?=

.PHONY: help setup run test check manifests kafka bench proof chaos clean format released
MINUTES ?= 10
SEED ?= 1

help: ## What each command does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/.synced proto/gen/.generated ## Install what is needed into this folder; costs nothing when current

run: setup ## Start everything on this machine, play six months of a real portfolio, show it (ARGS="--lang es")
	@$(BIN)/acuerdo up $(ARGS)

test: setup ## Run all tests, on real PostgreSQL and real Kafka (ARGS="-k holds")
	@$(BIN)/python -m dev.say_what_is_missing
	@$(BIN)/pytest -m "not long" -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## Lint, types, import rules, dependencies, contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(MAKE) --no-print-directory manifests
	@cd proto && ../$(BIN)/buf lint && ../$(BIN)/buf format --diff --exit-code && ../$(BIN)/buf build -o -\#format=binpb | ../$(BIN)/buf breaking -\#format=binpb --against released.binpb

manifests: .tools/manifests/.ready ## Render deploy/k8s; check what came of it, and the Dockerfile
	@mkdir -p .run && .tools/manifests/bin/kustomize build deploy/k8s/base > .run/k8s.yaml
	@.tools/manifests/bin/kubernetes-validate --strict --quiet .run/k8s.yaml
	@.tools/manifests/bin/checkov --config-file deploy/checkov.yaml -f .run/k8s.yaml -f deploy/Dockerfile

kafka: setup ## Run a real Apache Kafka on this machine until Ctrl-C
	@$(BIN)/python -m dev.kafka

bench: setup ## Measure, against a peer in the same run, with a correctness check after it
	@$(BIN)/python -m bench $(ARGS)

proof: setup ## Everything that attacks the house, at full length: lost answers, dead servers, crash points, planted faults (an hour)
	@$(BIN)/python -m proof.lost_answers --answers 1000
	@$(BIN)/pytest -m long $(ARGS)
	@$(BIN)/python -m proof.crash.sweep
	@$(BIN)/python -m proof.planted

chaos: setup ## Random faults against all services under load, then the checker (MINUTES=10 SEED=1)
	@$(BIN)/python -m proof.chaos --minutes $(MINUTES) --seed $(SEED) $(ARGS)

clean: ## Remove what setup and run made (data too)
	rm -rf .venv .tools .run proto/gen .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

format: setup
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format --quiet . ; cd proto && ../$(BIN)/buf format -w

# The contracts as released: `make check` refuses a change that breaks them. Run it only when a release is made.
released: setup
	cd proto && ../$(BIN)/buf build -o released.binpb

$(UV):
	@$(PYTHON) -m venv .tools && .tools/bin/pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)

.venv/.synced: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --locked --quiet && touch $@

.tools/manifests/.ready: deploy/requirements.txt | $(UV)
	@$(UV) venv --quiet --clear .tools/manifests && $(UV) pip install --quiet --python .tools/manifests/bin/python -r $<
	@GOBIN=$(CURDIR)/.tools/manifests/bin GOFLAGS=-modcacherw GOPATH=$(CURDIR)/.tools/manifests/go .tools/manifests/bin/go install sigs.k8s.io/kustomize/kustomize/v5@$(KUSTOMIZE_VERSION) 2>&1 | grep -v '^go: downloading' || true
	@.tools/manifests/bin/kustomize version >/dev/null && rm -rf .tools/manifests/go && touch $@

proto/gen/.generated: $(PROTOS) .venv/.synced
	@rm -rf proto/gen && mkdir -p proto/gen
	@$(BIN)/python -m grpc_tools.protoc --proto_path=proto --proto_path=proto/third_party \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	  --python_out=proto/gen --pyi_out=proto/gen --grpc_python_out=proto/gen --mypy_grpc_out=quiet:proto/gen \
	  $(patsubst proto/third_party/%,%,$(PROTOS:proto/acuerdo/%=acuerdo/%))
	@touch $@
