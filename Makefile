# Every target makes its own virtual environment first, so that a fresh checkout needs Python 3.11 and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The labelled documents some tests and benchmarks use; where the folder is missing they skip and say so.
VECTORLONG_DATA ?= ../shared/data
export VECTORLONG_DATA

# What a processor without AVX-512 computes: our kernel off, and its libraries told to do without.
WITHOUT_AVX512 := VECTORLONG_KERNEL=off FAISS_SIMD_LEVEL=AVX2 ATEN_CPU_CAPABILITY=avx2 \
	ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 OPENBLAS_CORETYPE=Haswell

# Seconds of each reader.
FUZZ_S ?= 3600
FUZZED := html csv jsonl json xml eml rtf docx pptx xlsx ods epub odt pdf plain

.PHONY: demo test test-without-avx512 test-slow fuzz lint format benchmark-speed benchmark-index benchmark-quality benchmark-classification benchmark-busy benchmark-words benchmark-coreference clean

$(STAMP): pyproject.toml constraints.txt setup.py vectorlong/attention/window_kernel.c
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/vectorlong demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Files of tests side by side, each with a thread of its own; the kernel's threads are tested apart.
JOBS ?= 2
BESIDE := -n $(JOBS) --dist loadfile

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m 'not slow' $(BESIDE)
	$(BIN)/python -m pytest tests/attention/test_kernel.py

# What computes nothing that a processor could do otherwise: kills, interrupts, readers of files, words, commands.
WITHOUT_NUMBERS := $(addprefix --ignore=tests/,crash files lexical cli vector_cache training)

test-without-avx512: $(STAMP)
	$(WITHOUT_AVX512) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m 'not slow' $(BESIDE) $(WITHOUT_NUMBERS)

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow -o faulthandler_timeout=0

fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[fuzz]'
	set -e; for reader in $(FUZZED); do \
		$(BIN)/python -m tests.fuzz.fuzz_reader $$reader -max_total_time=$(FUZZ_S) -max_len=65536; \
	done

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark-speed: $(STAMP)
	$(BIN)/python benchmarks/speed.py

benchmark-busy: $(STAMP)
	$(BIN)/python benchmarks/busy.py

benchmark-index: $(STAMP)
	$(BIN)/python benchmarks/index.py

benchmark-quality: $(STAMP)
	$(BIN)/python benchmarks/quality.py

benchmark-classification: $(STAMP)
	$(BIN)/python benchmarks/quality.py --classification

benchmark-coreference: $(STAMP)
	$(BIN)/python benchmarks/coreference.py

# The folder of the files of github.com/google-deepmind/xquad, for figures by language.
XQUAD ?=

benchmark-words: $(STAMP)
	$(BIN)/python benchmarks/words.py $(if $(XQUAD),--xquad '$(XQUAD)')

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
