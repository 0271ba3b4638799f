# The two commands that a newcomer needs are `make run` and `make test`. Each installs what it lacks,
# says what it is doing, and can be run again at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
QUERN := .build/release/quern
VENV := .venv-conformance
BENCH_VENV := .venv-bench

# Where `make install` puts the program, its manual and the completions of shells; DESTDIR stands
# before it where a package is made.
PREFIX := /usr/local
DESTDIR :=
STAGE := .build/install/stage

# The commit that `quern --version` names.
COMMIT := $(shell git describe --always --dirty --abbrev=7 --exclude='*' 2> /dev/null)

# The server of `quern serve`, for which its packages are fetched and built. Commands that share a
# build take the same, or each would undo the other's work.
TRAITS := --traits Server

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Installs the Debian packages $(1) that are not there.
define install
@missing=""; \
for package in $(1); do \
    dpkg -s $$package > /dev/null 2>&1 || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
    echo "Installing$$missing ..."; \
    $(SUDO) apt-get update -qq; \
    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing > /dev/null; \
fi
endef

# Makes the virtual environment $(1) with the packages that the file $(2) names. Debian's Python comes
# without the part that makes one.
define environment
@echo "Installing the peers that $(2) names into $(1) ..."
@python3 -c 'import ensurepip, venv' 2> /dev/null || { \
    $(SUDO) apt-get update -qq; $(SUDO) apt-get install -y -qq python3-venv > /dev/null; }
@python3 -m venv --clear $(1)
@$(1)/bin/python -m pip install --quiet --disable-pip-version-check -r $(2)
@touch $(1)/.installed
endef

# Time for each reader of `make fuzz`.
SECONDS := 60

.PHONY: run tune test test-build conformance peers first-hour fuzz fuzz-build threads threads-build \
    machines bench docs schema format lint build stage install \
    uninstall dist packages clean

## Learn, encode, train, evaluate and generate on the default corpus, and ask the model questions about
## the chapters that it has not seen.
run: build corpora/kjv.txt.zst corpora/kjv-tasks.jsonl
	$(QUERN) run pipeline.json
	$(QUERN) evaluate --model runs/kjv/checkpoints/best --tasks corpora/kjv-tasks.jsonl \
	    --output runs/kjv/tasks.json
	$(QUERN) report kjv

## Teach the model of `make run` to answer questions about the default corpus.
tune: build corpora/kjv-chat.jsonl.zst
	$(QUERN) run pipeline.json --set 'instruction_tuning.inputs=["corpora/kjv-chat.jsonl.zst"]'

## The Swift test suite. What it writes goes with it, also where a test is cut short.
test: packages
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && TMPDIR=$$folder swift test $(TRAITS)

test-build: packages
	swift build --build-tests $(TRAITS)

## Checks against tokenizers, tiktoken, transformers, PyTorch and NumPy; of tokenizers and tiktoken also
## with published vocabularies.
conformance: build corpora/kjv.txt.zst corpora/bench-mixed.jsonl.zst $(VENV)/.installed
	$(call install,openmpi-bin mpich iproute2 strace bindfs man-db mandoc zsh fish chromium chromium-driver)
	@$(VENV)/bin/python Tests/Conformance/published.py .cache/vocabularies
	@$(VENV)/bin/python Tests/Conformance/templates.py .cache/templates
	swift build -c release --product ConformanceProbe $(TRAITS)
	QUERN=$(QUERN) QUERN_PROBE=.build/release/ConformanceProbe \
	    $(VENV)/bin/python -m pytest -q -n 2 --dist loadfile --timeout 900 Tests/Conformance

peers: $(VENV)/.installed

## A newcomer's first hour in a minute: three corpora from a folder to a model, and every mistake. To
## play it from a clone and `make install` on: Tests/FirstHour/first_hour.py
first-hour: build
	packaging/stage.sh $(QUERN) .build/first-hour
	Tests/FirstHour/first_hour.py --program .build/first-hour

## Every reader of outside bytes under libFuzzer and AddressSanitizer: make fuzz SECONDS=600
fuzz: build fuzz-build
	QUERN=$(QUERN) python3 Tests/Fuzz/fuzz.py --seconds $(SECONDS)

fuzz-build: packages
	swift build -c release --package-path Tests/Fuzz --scratch-path .build/fuzz/build \
	    --sanitize fuzzer --sanitize address --product Fuzz

## A small pipeline on several threads under ThreadSanitizer; optimised, because without that it takes
## the begin of a call on a class for an access to what is in it.
threads: threads-build
	QUERN=.build/threads/release/quern python3 Tests/Fuzz/threads.py

threads-build: packages
	swift build -c release --scratch-path .build/threads --sanitize thread --product quern

## Clean and encode a folder of Parquet files on "eight machines", some of which are killed on the way.
machines: build
	QUERN=$(abspath $(QUERN)) corpora/eight-machines.sh $(or $(FOLDER),.build/machines)

## Speed beside the peers, in one run. BENCH chooses: make bench BENCH="encode --repeat 5"
bench: build corpora/kjv.txt.zst $(BENCH_VENV)/.installed
	$(call install,libtcmalloc-minimal4 libsimdjson-dev gcc g++)
	@corpora/prepare-bench.sh
	swift build -c release --package-path Tests/Benchmarks --product TokenizationBench
	swift build -c release --product ConformanceProbe $(TRAITS)
	swift build -c release --package-path Tests/Benchmarks --product CorpusBench
	QUERN=$(QUERN) $(BENCH_VENV)/bin/python Tests/Benchmarks/bench.py $(BENCH)

## All documentation as one site in .build/docs. A warning, such as a link that leads nowhere, is an error.
docs: packages
	swift package $(TRAITS) --allow-writing-to-directory .build/docs generate-documentation \
	    $(foreach catalog,$(wildcard Sources/*/Documentation.docc),--target $(notdir $(patsubst %/,%,$(dir $(catalog))))) \
	    --enable-experimental-combined-documentation --transform-for-static-hosting \
	    --warnings-as-errors --output-path .build/docs

## The schema of pipeline.json, by which editors complete it, anew from the declarations of the keys.
schema: build
	$(QUERN) config --schema > pipeline.schema.json

## Rewrite the sources in the project's format.
format:
	swift format -i -r Package.swift Sources Tests

## Check the format without changing anything.
lint:
	swift format lint --strict -r Package.swift Sources Tests

build: packages
	QUERN_COMMIT=$(COMMIT) swift build -c release --product quern $(TRAITS)

## All that is installed, as it lies below PREFIX later. The program needs no Swift where it runs.
stage: packages
	QUERN_COMMIT=$(COMMIT) swift build -c release --product quern $(TRAITS) --static-swift-stdlib \
	    -Xlinker -s --scratch-path .build/install
	packaging/stage.sh .build/install/release/quern $(STAGE)

## Install the program, its manual pages and completions: make install PREFIX=$HOME/.local
install: stage
	packaging/install.sh copy $(STAGE) '$(PREFIX)' '$(DESTDIR)'

## Remove exactly what `make install` put there.
uninstall:
	packaging/install.sh remove '$(PREFIX)' '$(DESTDIR)'

## The same as dist/quern-VERSION-linux-x86_64.tar.gz, with its checksum beside it.
dist: stage
	packaging/dist.sh $(STAGE) dist

## System packages: only what is missing is installed. All builds and runs without libisal-dev too:
## gzip is then read by zlib.
packages:
	$(call install,libzstd-dev zlib1g-dev libisal-dev)

corpora/kjv.txt.zst:
	corpora/prepare-kjv.sh

corpora/kjv-tasks.jsonl: corpora/kjv.txt.zst corpora/kjv_tasks.py
	rm -f $@
	corpora/prepare-kjv-tasks.sh

corpora/kjv-chat.jsonl.zst: corpora/kjv.txt.zst corpora/kjv_conversations.py
	rm -f $@
	corpora/prepare-kjv-chat.sh

corpora/bench-mixed.jsonl.zst:
	corpora/prepare-bench.sh mixed

$(VENV)/.installed: Tests/Conformance/requirements.txt Tests/Conformance/readers.txt
	$(call environment,$(VENV),$<)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    -r Tests/Conformance/readers.txt || { rm $@; exit 1; }

$(BENCH_VENV)/.installed: Tests/Benchmarks/requirements.txt Tests/Benchmarks/alone.txt
	$(call environment,$(BENCH_VENV),$<)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    -r Tests/Benchmarks/alone.txt || { rm $@; exit 1; }

## Remove what was built, encoded and trained; the committed vocabulary stays.
clean:
	rm -rf .build dist shards runs $(VENV) $(BENCH_VENV)
