# make run: create the environment from the committed lock, then run the main job: no data needed.
# make test: create the environment, then check all that CI checks.

PYTHON ?= python3
CORES ?= 2
CONFIG ?= config/config.yaml
DATA := ../shared/data/yeast
BIN := .venv/bin
INSTALLED := .venv/.installed
# One process per core, each with one thread for arithmetic; tests/conftest.py tells what stays in one process.
# Threads that wait sleep: two runs at once train ten times slower when they keep the cores busy instead.
PYTEST := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest
ON_ALL_CORES := --numprocesses $(CORES) --dist loadfile

.PHONY: run data check test test-faults audit reproduce bench docs knobs experiments-tables gallery screenshots lock clean

run: data $(INSTALLED)
	$(BIN)/snakemake --cores $(CORES) --configfile $(CONFIG)

# Only the yeast configuration needs this folder: the default simulates, and others name their own files.
data:
	@test "$(CONFIG)" != config/yeast.yaml -o -e $(DATA) || { echo "No data: $(CONFIG) reads the yeast data set, which is looked for in $(abspath $(DATA))." >&2; exit 1; }

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint --configfile config/yeast.yaml
	$(BIN)/snakemake --lint
	$(BIN)/mypy
	$(PYTEST) $(ON_ALL_CORES) -m "not slow" tests/unit

test: check
	$(PYTEST) $(ON_ALL_CORES) -m slow

# Every fault, as often as docs/reliability.md tells, and a whole run on SLURM: two hours. Needs
# root for a disk that is full and for SLURM.
test-faults: $(INSTALLED)
	CHROMPUTE_ALL_FAULTS=1 $(PYTEST) -s tests/workflow/test_faults.py tests/workflow/test_slurm.py

# Known vulnerabilities of the locked packages, where a public database can be reached.
audit: $(INSTALLED)
	$(BIN)/python envs/audit.py

# A run in two folders, with 1 and with 2 cores, and every file of them compared; CONFIG as for make run.
reproduce: $(INSTALLED)
	rm -rf build/one build/two
	for run in "one 1" "two 2"; do set -- $$run; mkdir -p build/$$1; cp -r config build/$$1/; \
	    $(BIN)/snakemake --snakefile Snakefile --directory build/$$1 --cores $$2 --configfile $(CONFIG) || exit 1; done
	PYTHONPATH=scripts $(BIN)/python -m chrompute compare build/one/results build/two/results

# make bench PAIRS=10000000 takes another quarter of an hour; BENCH=--bam-coverage compares with deepTools too.
# The last line needs a run of config/yeast.yaml, whose network predicts its genome.
PAIRS ?= 1000000
BENCH ?=
YEAST ?= results/yeast
bench: $(INSTALLED) build/$(PAIRS).bam
	$(BIN)/python bench/fragments.py build/$(PAIRS).bam $(BENCH)
	$(BIN)/python bench/vplots.py
	$(BIN)/python bench/windows.py
	$(BIN)/python bench/guard.py
	$(BIN)/python bench/batches.py
	$(BIN)/python bench/gpu.py
	$(BIN)/python bench/dryrun.py
	@test -e $(YEAST)/models || echo "There is no run in $(YEAST): bench/predict.py is left out."
	test ! -e $(YEAST)/models || $(BIN)/python bench/predict.py $(YEAST)/models/chrompute_tiles/seed-1 \
	    $(DATA)/genome/sacCer3.fa.gz ATAC=$(YEAST)/fragments/atac.parquet MNase=$(YEAST)/fragments/mnase_henikoff2011.parquet

build/%.bam: bench/make_bam.py | $(INSTALLED)
	mkdir -p build
	$(BIN)/python bench/make_bam.py $* $@

# The table of the configuration, and the figures of docs/workflow.md, which need graphviz.
docs: $(INSTALLED)
	$(BIN)/python docs/make_config_table.py
	$(BIN)/python docs/make_dag.py

# How the simulation's knobs set its difficulty (docs/simulation.md): a quarter of an hour.
knobs: $(INSTALLED)
	$(BIN)/python docs/make_simulation_figure.py

# Tables and learning curves of a long comparison, of what it has finished so far (docs/experiments).
RESULTS ?= results/experiments
PAGE ?= $(notdir $(RESULTS))
experiments-tables: $(INSTALLED)
	$(BIN)/python docs/make_experiments.py $(RESULTS) $(PAGE)

# The figures of docs/gallery.md, of runs of `snakemake figures`.
GALLERY ?= results/demo results/motifs
gallery: $(INSTALLED)
	$(BIN)/python docs/make_gallery.py $(GALLERY)

# The pages of a run as pictures, in docs/img; needs chromium and chromium-driver.
SHOWN ?= results/demo
screenshots: $(INSTALLED)
	$(BIN)/python docs/make_screenshots.py $(SHOWN)

# The environment: one lock for CPU and CUDA machines (docs/decisions/0002-environment.md).
$(INSTALLED): envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement envs/requirements.txt
	touch $@

# Compile the lock anew. The CUDA packages that torch pins itself stay out of it.
lock: $(INSTALLED)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python envs/compile_lock.py

clean:
	rm -rf .venv .snakemake results
