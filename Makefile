# The machine's Python, 3.11 or newer; everything else comes from the lock files in requirements/.
PYTHON ?= python3
BIN := .venv/bin
TEMPORARY := $(BIN)/python -m config.embedded --temporary

.PHONY: help run test test-clock check checks bench drill drill-engines drill-restore fuzz screenshots lock audit licences sbom image-check clean

help:
	@echo "make run     everything, with demo data: web on PORT (8000), simulator on SIMULATOR_PORT (8800)"
	@echo "make test    all tests; ARGS='tests/stack -x' narrows them down"
	@echo "make test-clock   the tests, but for browser, set-up, rights and odd answers, DAYS (365) ahead in TZ (America/New_York)"
	@echo "make check   lint, types, import contracts, migrations, translations"
	@echo "make bench   benchmarks"
	@echo "make drill   faults of everything the console needs, judged by the ledger: half an hour of two quiet cores, an hour at most; ARGS='--only postgres:down' narrows it down"
	@echo "make drill-engines   the same installation on every Postgres, Redis, broker and pooler that is found here"
	@echo "make drill-restore   a backup is restored under load, and what it does not know is reconciled"
	@echo "make fuzz    hostile input at every door, judged, and new examples for the tests of properties; ARGS='--door login' narrows it down to a door"
	@echo "make screenshots   the pictures of the guides, taken of the demo (needs Chromium)"
	@echo "make audit   known faults of the packages in the image (asks the package index)"
	@echo "make licences   the licences of the packages in the image; fails for one that is not listed"
	@echo "make sbom    the bill of materials of the image as CycloneDX, in OUTPUT (sbom.json)"
	@echo "make image-check   both images built and run, locked down (needs docker; or ENGINE=podman)"
	@echo "make lock    renew requirements/*.txt from pyproject.toml (needs uv)"
	@echo "make clean   delete .venv and the caches, keep the data in .local"

run:
	@$(PYTHON) -I config/install.py run
	@$(BIN)/python -m config.stack

# Each process has a database of Redis to itself, of which there are sixteen.
PARALLEL := -n auto --maxprocesses 15 --dist worksteal

test:
	@$(PYTHON) -I config/install.py dev
	@$(TEMPORARY) -- $(BIN)/python -m pytest $(PARALLEL) $(ARGS)

# A browser and the stack's servers have clocks of their own. Rights and odd answers do not depend on time.
CLOCKLESS := tests/browser tests/stack tests/operations/test_odd_answers.py \
	$(patsubst %,tests/console/test_%.py,walk gate offers list_actions queries)
test-clock: TZ = America/New_York
test-clock: DAYS = 365
test-clock:
	@$(PYTHON) -I config/install.py dev
	@TZ=$(TZ) TEST_CLOCK_DAYS=$(DAYS) PYTHONPATH=$(CURDIR)/tests/clock $(TEMPORARY) -- \
		$(BIN)/python -m pytest $(PARALLEL) -W "ignore:Module already imported" \
		$(addprefix --ignore ,$(CLOCKLESS)) $(ARGS)

check:
	@$(PYTHON) -I config/install.py dev
	@$(TEMPORARY) -- $(MAKE) --no-print-directory checks

checks:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet .
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python -m config.translations
	$(BIN)/python -m config.tables
	$(BIN)/python -m config.migrations

bench:
	@$(PYTHON) -I config/install.py dev
	@$(BIN)/python -m bench $(ARGS)

drill:
	@$(PYTHON) -I config/install.py dev
	@$(TEMPORARY) --durable -- $(BIN)/python -m bench.drill $(ARGS)

drill-engines:
	@$(PYTHON) -I config/install.py dev
	@$(BIN)/python -m bench.drill.engines $(ARGS)

drill-restore:
	@$(PYTHON) -I config/install.py dev
	@$(TEMPORARY) --durable -- $(BIN)/python -m bench.drill.restore

fuzz:
	@$(PYTHON) -I config/install.py dev
	@$(TEMPORARY) -- $(BIN)/python -m bench.fuzz $(ARGS)
ifndef ARGS
	@$(TEMPORARY) -- $(BIN)/python -m pytest $(PARALLEL) -m hypothesis \
		--hypothesis-profile "new examples"
endif

COMPILE := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock:
	$(COMPILE) pyproject.toml --extra embedded --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --extra telemetry --constraint requirements/run.txt \
		--output-file requirements/image.txt
	$(COMPILE) pyproject.toml --extra embedded --extra telemetry --extra dev --constraint requirements/run.txt \
		--constraint requirements/image.txt --output-file requirements/dev.txt

screenshots:
	@$(PYTHON) -I config/install.py dev
	$(BIN)/python -m docs.screenshots

# Strict: a package that the index knows nothing of was not audited, and is no good news.
audit:
	@$(PYTHON) -I config/install.py dev
	$(BIN)/pip-audit --strict --requirement requirements/image.txt --require-hashes --disable-pip

image-check:
	deploy/check_images.sh

LICENCES := Apache;BSD;LGPL-3.0;MIT;MPL-2.0;Mozilla Public License 2.0;PSF;Python Software Foundation

licences:
	@$(PYTHON) -I config/install.py dev
	@$(BIN)/pip-licenses --order license --partial-match --allow-only '$(LICENCES)' \
		--packages $$(sed -n 's/^\([a-z0-9.-]*\).*==.*/\1/p' requirements/image.txt)

OUTPUT ?= sbom.json

sbom:
	@$(PYTHON) -I config/install.py dev
	@$(BIN)/python -m config.bill_of_materials > $(OUTPUT)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
