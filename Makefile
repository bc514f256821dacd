# Every target makes its own virtual environment in .venv; nothing else on the machine is touched.
.DEFAULT_GOAL := help
.PHONY: help run test check format lint migrate messages lock

BIN := .venv/bin
# The newest Python that Candor is tested with and that really runs: a version manager's stand-in may not.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c "" 2>/dev/null && command -v $$name && break; done)
PRODUCTION = DEBUG=0 SECRET_KEY=0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ \
	SITE_URL=https://help.example.com ALLOWED_HOSTS=help.example.com DATA_DIR=$(CURDIR)/var

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: .venv/run ## Start Candor: chat, admin, worker and index, until Ctrl-C. (PORT=8001 make run: another port.)
	@exec $(BIN)/python -m config.run

test: .venv/dev ## Run all tests. Those that need a server which is not installed are skipped, and say so.
	$(BIN)/pytest

check: .venv/dev lint ## Check style, types, imports, templates, migrations and settings.
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict config knowledge chatbot review tests benchmarks manage.py
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint
	DEBUG=1 SECRET_KEY=check DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=1 SECRET_KEY=check $(BIN)/python manage.py check
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

lint: .venv/dev ## Look for mistakes in the code.
	$(BIN)/ruff check .

format: .venv/dev ## Format the code and mend what can be mended.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migrate: .venv/run ## Bring the database up to date ("make run" does it too).
	@mkdir -p $${DATA_DIR:-var}
	SECRET_KEY=$${SECRET_KEY:-not-needed-to-migrate} $(BIN)/python manage.py migrate

messages: .venv/dev ## Collect the words that visitors see and compile their translations (needs gettext).
	SECRET_KEY=none $(BIN)/python manage.py makemessages --all --add-location=never \
		--ignore=".venv/*" --ignore="tests/*" --ignore="benchmarks/*" --ignore="var/*" --ignore="templates/admin/*"
	SECRET_KEY=none $(BIN)/python manage.py compilemessages --ignore=".venv/*"

lock: .venv/dev ## Resolve requirements*.in into requirements*.txt, both to the same versions.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		requirements-dev.in --output-file requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		-c requirements-dev.txt requirements.in --output-file requirements.txt

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Candor needs Python 3.11 or newer: none was found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Candor needs Python 3.11, 3.12 or 3.13;" \
		"$(PYTHON) is $$($(PYTHON) -V). Install one and name it: make PYTHON=/path/to/python3.12 run" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "No virtual environment could be made with $(PYTHON)." \
		"On Debian and Ubuntu install the package python3-venv first." >&2; exit 1; }

# Stamps: installed anew only when a requirements file is newer.
.venv/run: requirements.txt | $(BIN)/python
	@echo "Installing what Candor needs into .venv (a few minutes the first time) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | $(BIN)/python
	@echo "Installing tools and test libraries into .venv …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run
