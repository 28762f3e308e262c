# Every command of the site; `make` alone lists them. Each makes what it needs first, once.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
PORT ?=
EXP ?=
CARDS ?=
CONFIGURATION ?=
FILE ?=
BY ?=
CONFIRM ?=
CHECK ?=
ENGINE ?=
VERSION ?=
POST ?=
ALL ?=
TESTS ?=
JOBS ?= 3
OPEN ?= 1
# A module's tests stay together: they share what is dear to start. Three processes keep two cores busy: many tests wait.
PARALLEL = --numprocesses $(JOBS) --dist loadscope --no-loadscope-reorder

# The first Python on the path that the locks are made for.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo "$$p"; break; }; done)
endif
RUN := .venv/bin/python -m

.PHONY: help serve test test-all test-server site site-zensical play experiments send import verify review links bench faults mutations clean pin changelog lock record drift bump env engine-cpu engines models sources

help: ## lists the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1@\2/p' Makefile | awk -F@ '{ printf "%-18s %s\n", $$1, $$2 }'

serve: env sources ## builds the site and serves it on a free port of 127.0.0.1 from 8000 on, with live reload (PORT=8001 for that one)
	@$(RUN) scripts.build.serve $(if $(PORT),--port $(PORT))

test: env engine-cpu models sources ## all checks, the browser tests and what is quick of the CPU tier (JOBS=4 for four at once)
	@$(RUN) pytest -m "not server and not long" $(PARALLEL)

test-all: env engine-cpu models sources ## every test: also those that take long, then those that start vLLM's server
	@# What is timed runs by itself, or its neighbours would be in its times.
	@status=0; $(RUN) pytest -m "not server and not long" $(PARALLEL) || status=1; $(RUN) pytest -m long || status=1; \
		$(RUN) pytest -m server || status=1; exit $$status

test-server: env engine-cpu models sources ## the CPU tier that needs vLLM's server, and the recording on the CPU
	@$(RUN) pytest -m server

site: env sources ## strict static build into site/
	@$(RUN) scripts.build.build_site

site-zensical: env sources ## the same site by Zensical, and what differs (optional: an environment of its own)
	@$(PYTHON) -m scripts.environments.environment zensical
	@$(RUN) scripts.build.zensical_site --write

play: env engine-cpu models ## your own requests through both engines' schedulers, and the replay (FILE=requests.toml, OPEN=0 opens no browser)
	@$(RUN) scripts.build.play $(if $(FILE),"$(FILE)") $(if $(filter 0,$(OPEN)),--no-open)

experiments: env engines ## measures what this machine can, redraws figures and claims (EXP=01 for one, EXP="01 06" for two, CARDS=all for every GPU)
	@$(RUN) experiments.lab experiments $(foreach one,$(EXP),--exp $(one)) $(if $(CARDS),--cards $(CARDS))

record: env engines ## records the call path of one request where this machine can (EXP=05, CONFIGURATION=vllm-cpu for one)
	@$(RUN) experiments.lab record $(if $(EXP),--exp $(EXP)) $(if $(CONFIGURATION),--configuration $(CONFIGURATION))

send: env ## packs what was measured here of one experiment into one file to send, and sums it up (EXP=05, BY=your-handle)
	@test -n "$(EXP)" || { echo "make send: name the experiment: make send EXP=05" >&2; exit 1; }
	@$(RUN) experiments.lab send --exp $(EXP) $(if $(BY),--by $(BY)) $(if $(FILE),--out $(FILE))

import: env ## checks a file of make send and files it as a further host (FILE=05-....tar.gz, CHECK=1 only checks)
	@test -n "$(FILE)" || { echo "make import: name the file: make import FILE=05-....tar.gz" >&2; exit 1; }
	@$(RUN) experiments.lab import "$(FILE)" $(if $(CHECK),--check)

verify: env sources ## excerpts, call paths, records, claims, pairs, ledger (POST=02 for one post, ALL=1 also unchanged claims)
	@$(RUN) scripts.build.verify $(if $(POST),--post $(POST)) $(if $(ALL),--all)

prose: env ## how the posts read, counted, and what is over its limit (POST=02 for one post with every place)
	@$(RUN) scripts.prose.figures $(if $(POST),--post $(POST))

review: env sources ## notes and words that nobody has confirmed, beside their lines (POST=02; CONFIRM=id,id BY=your-handle confirms)
	@$(RUN) scripts.build.review $(if $(POST),--post $(POST)) $(if $(CONFIRM),--confirm "$(CONFIRM)") $(if $(BY),--by "$(BY)")

links: site ## links and fragments of the built site, permalinks against the pinned artifacts
	@$(RUN) scripts.build.links

bench: env sources ## build and check times, page weights (TESTS=1 for the time of make test, too)
	@$(RUN) scripts.browser.benchmark $(if $(TESTS),--tests)

faults: env ## what becomes of a run that something goes wrong with: engines, drivers and disks that fail, as stand-ins
	@$(RUN) pytest tests/campaign/test_faults.py

mutations: env sources ## what a careless edit does to a copy of this tree, and the line that finds it; takes minutes
	@$(RUN) pytest tests/campaign/test_mutations.py

pin: env ## writes digests after a pin or an excerpt changed, showing old and new text; and which lines a new note is for
	@$(RUN) scripts.quotes.update_digests
	@$(RUN) scripts.build.review --lines

drift: env ## what became of everything quoted in a newer release (ENGINE=vllm VERSION=0.33.0 for one)
	@$(RUN) scripts.drift.report $(if $(ENGINE),--engine $(ENGINE)) $(if $(VERSION),--version $(VERSION))

bump: env ## moves a pin, carrying over what is the same or moved (ENGINE=vllm VERSION=0.33.0)
	@$(RUN) scripts.drift.bump $(if $(ENGINE),--engine $(ENGINE)) $(if $(VERSION),--version $(VERSION))

changelog: env ## writes CHANGELOG.md from the posts' corrections and the pins
	@$(RUN) scripts.pages.changelog

lock: env ## resolves requirements/*.in again into hash-locked requirements/*.txt
	@$(RUN) scripts.environments.requirement_locks

clean: ## says what caches and environments hold, and removes them
	@$(PYTHON) -m scripts.environments.clean

# Steps the commands above share.
env:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 on the path; install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m scripts.environments.environment site

engine-cpu: env
	@$(PYTHON) -m scripts.environments.engine_environments vllm-cpu sglang-cpu

engines: env
	@$(PYTHON) -m scripts.environments.engine_environments

# Not where the user laid the models, and not where no engine can read them.
models: env engine-cpu
	@[ -n "$$LAB_MODELS" ] || grep -qs '^models' lab.toml || [ -e .cache/models/qwen3-8b-vocab/config.json ] || \
		{ [ -z "$$LAB_VLLM_CPU_PYTHON" ] && ! grep -qs '_python' lab.toml && ! ls .cache/envs/*/bin/python >/dev/null 2>&1; } || \
		$(RUN) experiments.lab models

sources: env
	@$(RUN) scripts.sources.unpacked_sources
