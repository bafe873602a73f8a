# The two commands of the README are `make demo` and `make test`. The rest is for developers.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
PY := .venv/bin/python
UV := $(PY) -m uv
DEMO_ENV = DEMO=1 WECOM_SANDBOX=1 LOG_LEVEL=WARNING SITE_URL=http://127.0.0.1:$(PORT)

help:  ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

.venv/bin/python:
	@tools/make-venv

.venv/.core: .venv/bin/python requirements.txt
	@echo "Installing what it needs to run …"
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: .venv/.core requirements-dev.txt
	@echo "Installing what its tests need …"
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.sdk: package-lock.json
	@tools/fetch-npm --omit=dev
	@mkdir -p node_modules && touch $@

node_modules/.dev: package-lock.json
	@tools/fetch-npm
	@mkdir -p node_modules && touch $@ node_modules/.sdk

demo: .venv/.core node_modules/.sdk  ## Run the product with a seeded company (PORT=8000, RESET=1)
	@$(DEMO_ENV) exec $(PY) manage.py demo --port $(PORT) $(if $(RESET),--reset)

test: .venv/.dev node_modules/.dev  ## Linters, checks and all tests
	@tools/test

lint: .venv/.dev  ## Linters and types only
	@tools/lint

prod-local: .venv/.dev node_modules/.sdk  ## Production processes on this machine, with a smoke test
	@$(PY) -m tools.prod_local $(if $(DRIVER),--driver $(DRIVER))

faults: .venv/.dev node_modules/.sdk  ## Every fault against real processes (KILLS=500, EVENTS=20000)
	@$(PY) -m tests.faults.run $(if $(KILLS),--kills $(KILLS)) $(if $(EVENTS),--events $(EVENTS))

restore-drill: .venv/.dev node_modules/.sdk  ## Backup under load, restore, reconcile, compare
	@$(PY) -m tools.restore_drill

pictures: .venv/.dev node_modules/.dev  ## Take docs/pictures/ from a running demo
	@$(DEMO_ENV) $(PY) -m tools.pictures

messages: .venv/.dev  ## Collect and compile the English catalogue
	@$(DEMO_ENV) $(PY) manage.py makemessages -l en -i node_modules -i .venv -i var -i build --no-obsolete --no-wrap
	@$(DEMO_ENV) $(PY) manage.py compilemessages -l en

lock: .venv/.dev  ## Write requirements*.txt anew from the .in files
	@$(UV) pip compile -q --generate-hashes --no-header requirements.in -o requirements.txt
	@$(UV) pip compile -q --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	@$(UV) pip compile -q --generate-hashes --no-header requirements-prod.in -o requirements-prod.txt

bench: .venv/.dev node_modules/.sdk  ## Measure the speed bars at 100 k customers (WRITE=1 keeps them)
	@DEMO=1 $(PY) manage.py fetch_sdk
	@$(PY) -m bench $(if $(WRITE),--write)

seed-scale: .venv/.dev  ## Fill the kept database of bench-large: 1 M customers
	@$(PY) -m bench --large --seed

bench-large: .venv/.dev node_modules/.sdk  ## Measure the bars of a large company (WRITE=1 keeps them)
	@DEMO=1 $(PY) manage.py fetch_sdk
	@$(PY) -m bench --large $(if $(WRITE),--write)

clean:  ## Forget the demo's data and everything built
	rm -rf build var

.PHONY: help faults demo test lint pictures prod-local restore-drill messages lock clean bench seed-scale bench-large
