# make run     set up what is missing, then start the app (PORT=8501)
# make test    set up what is missing, then check style, types and behaviour
# make help    the other targets
#
# GNU make 3.81 (macOS) is enough. tools/setup.sh does the installing; the stamps in .venv say
# what is done, so that a second call goes straight to work. PYTHON=... picks the interpreter.

PORT ?= 8501
VENV := .venv
JS := tools/js
PY := $(VENV)/bin/python
SETUP := PYTHON="$(PYTHON)" sh tools/setup.sh

.PHONY: help run test realtime lint format bench setup soundfont clean

help:
	@echo "make run        start the app; PORT=8501 picks the port"
	@echo "make test       all of lint, and pytest; ARGS='-k audio' goes to pytest"
	@echo "make realtime   tests that record sound as it plays; on an idle machine"
	@echo "make lint       style and types: ruff and mypy; biome and tsc for assets"
	@echo "make format     let ruff rewrite the code"
	@echo "make bench      all benchmarks"
	@echo "make setup      install again what run and test need"
	@echo "make soundfont  a larger, better soundfont (FluidR3, 140 MB)"
	@echo "make clean      remove .venv, node_modules and caches"

run: $(VENV)/.ready-run
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: lint
	$(PY) -m pytest $(ARGS)

realtime: $(VENV)/.ready-test
	$(PY) -m pytest -m realtime $(ARGS)

lint: $(VENV)/.ready-test $(JS)/node_modules/.ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(JS)/node_modules/.bin/biome lint --config-path $(JS) --error-on-warnings assets/player assets/recorder assets/map
	$(JS)/node_modules/.bin/tsc --project $(JS)

format: $(VENV)/.ready-test
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(VENV)/.ready-test
	@for file in benchmarks/*.py; do \
		name=$$(basename $$file .py); \
		case $$name in __init__) continue;; esac; \
		echo "== $$name"; $(PY) -m benchmarks.$$name || exit 1; \
	done

setup:
	$(SETUP) run
	$(SETUP) test

soundfont:
	$(SETUP) soundfont

clean:
	rm -rf $(VENV) $(JS)/node_modules .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.ready-run: requirements.txt tools/setup.sh
	$(SETUP) run

$(VENV)/.ready-test: requirements.txt requirements-dev.txt tools/setup.sh
	$(SETUP) test

$(JS)/node_modules/.ready: $(JS)/package-lock.json tools/setup.sh
	$(SETUP) js
