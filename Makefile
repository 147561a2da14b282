# Another Python has its own virtual environment: make test PYTHON=python3.13
PYTHON ?= python3
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
PY := $(VENV)/bin/python
# A mode in memory has a Postgres of its own, whatever DATABASE_URL says.
EMBEDDED := $(if $(filter-out memory_sync,$(if $(DATABASE_URL),$(or $(MODE),default))),,requirements-embedded.txt)
RUN_FILES := $(or $(EMBEDDED),requirements.txt)
DEV_FILES := $(EMBEDDED) requirements-dev.txt
INSTALL = @command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer, or name one, for example PYTHON=python3.13." >&2; exit 1; }; exec "$(PYTHON)" -m dev.install "$(VENV)"
COMPILE = .venv-lock/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra broker pyproject.toml

# What is the same in each mode; what is not is in docs/memory-sync.md.
DOMAIN := warehouse $(addprefix --ignore=warehouse/tests/browser/test_,pages.py screenshots.py) $(addprefix tests/test_,http_contract.py http_refusals.py forms.py handlers_that_fail.py origins.py races.py)

.PHONY: help run switch rabbitmq db dev sample test test-slow test-domain bench bench-full chaos chaos-full screenshots docs check format lock clean

help:
	@sed -n 's/^\([a-z-]*\):.*## / \1	/p' Makefile

run: ## the application on http://127.0.0.1:8000 with its database (PORT=8001, MODE=persisted_async)
	$(INSTALL) $(RUN_FILES)
	@MAKE_PID=$$PPID exec "$(PY)" -m dev.run

switch: ## after another MODE on the same data: who delivers to projections and policies from now on
	$(INSTALL) $(RUN_FILES)
	@MAKE_PID=$$PPID exec "$(PY)" -m dev.run --switch

dev: ## the same, reloading when a file changes
	$(INSTALL) $(DEV_FILES)
	@MAKE_PID=$$PPID exec "$(PY)" -m dev.run --reload

sample: ## a year of a small warehouse into the running embedded database
	$(INSTALL) $(RUN_FILES)
	@exec "$(PY)" -m dev.sample

rabbitmq: ## Debian's RabbitMQ on a port of its own (RABBITMQ_PORT=5673); `make run MODE=persisted_async BROKER=1` uses it
	$(INSTALL) $(RUN_FILES)
	@exec "$(PY)" -m dev.rabbitmq

db: ## the embedded Postgres alone
	$(INSTALL) requirements-embedded.txt
	@exec "$(PY)" -m dev.postgres

test: ## what a change needs, on a throw-away database (ARGS="-k ship" for some)
	$(INSTALL) $(DEV_FILES)
	@exec "$(PY)" -m pytest -n auto --dist worksteal -m "not slow" $(if $(filter persisted_async,$(MODE)),$(DOMAIN)) $(ARGS)

test-slow: ## what starts servers, brokers and type checkers, copies the tree, or opens page after page
	$(INSTALL) $(DEV_FILES)
	@exec "$(PY)" -m pytest -n auto --dist worksteal -m slow $(ARGS)

test-domain: ## what the domain does, over HTTP and in races: the same tests in each mode (MODE=persisted_async)
	$(INSTALL) $(DEV_FILES)
	@exec "$(PY)" -m pytest -n auto --dist worksteal -m "not slow" $(DOMAIN) $(ARGS)

bench: ## what everything costs beside what else there is, in five minutes (ARGS="http" for a part)
	$(INSTALL) requirements-embedded.txt
	@exec "$(PY)" -m dev.bench $(ARGS)

bench-full: ## the same at length, for the better part of an hour
	$(INSTALL) requirements-embedded.txt
	@exec "$(PY)" -m dev.bench --full

chaos: ## breaks things under load for two to three minutes, and looks whether anything was lost
	$(INSTALL) requirements-embedded.txt
	@"$(PY)" -m dev.chaos $(ARGS)
	@test -n "$(ARGS)" || exec "$(PY)" -m dev.chaos --following

chaos-full: ## all that can break, for half an hour, into docs/reliability.md (as root)
	$(INSTALL) requirements-embedded.txt
	@"$(PY)" -m dev.chaos --full --commands 600 --acknowledged 200000 --kills 250
	@exec "$(PY)" -m dev.chaos --following --full --commands 600 --acknowledged 50000 --kills 100

screenshots: export SCREENSHOTS := 1
screenshots: ## the pictures in docs/screenshots anew, by a test in Chromium
	$(INSTALL) $(DEV_FILES)
	@exec "$(PY)" -m pytest warehouse/tests/browser/test_screenshots.py

docs: export NO_MKDOCS_2_WARNING := 1
docs: ## the documentation as a site, in site/index.html
	$(INSTALL) requirements-dev.txt
	@"$(PY)" -m mkdocs --quiet build --strict

check: export DEBUG := 0
check: export ALLOWED_HOSTS := example.org
check: export SECRET_KEY = $(shell od -An -N40 -tx1 /dev/urandom | tr -d ' \n')
check: export DATABASE_URL := postgresql:///none?host=/nowhere
check: ## linters, types, import directions, migrations, production settings
	$(INSTALL) requirements-dev.txt
	"$(PY)" -m ruff check
	"$(PY)" -m ruff format --check
	"$(PY)" -m mypy .
	"$(PY)" -c 'from importlinter.cli import lint_imports_command as main; main()'
	"$(PY)" -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	"$(PY)" manage.py check --deploy --fail-level WARNING

format: ## rewrite the code as the linter wants it
	$(INSTALL) requirements-dev.txt
	"$(PY)" -m ruff check --fix
	"$(PY)" -m ruff format

lock: ## resolve the ranges of pyproject.toml anew
	"$(PYTHON)" -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade uv
	$(COMPILE) --upgrade --extra dev --extra embedded -o .venv-lock/all.txt
	$(COMPILE) -c .venv-lock/all.txt -o requirements.txt
	$(COMPILE) -c .venv-lock/all.txt --extra embedded -o requirements-embedded.txt
	$(COMPILE) -c .venv-lock/all.txt --extra dev -o requirements-dev.txt

clean: ## remove environments, caches and the embedded database
	@"$(PYTHON)" -m dev.postgres remove
	rm -rf .rabbitmq site .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -prune -exec rm -rf {} +
