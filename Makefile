# make demo: see it run. make test: check it. Both need Python >= 3.10 and make, and install the rest into .venv.
.NOTPARALLEL:
PYTHON ?= python3
OUT ?= out/demo
ROS ?= jazzy
VENV ?= .venv$(if $(filter-out jazzy,$(ROS)),-$(ROS))
BIN := $(VENV)/bin
RUN = $(BIN)/python
# two processes, as two cores have, and PyTorch with one thread in each: two would wait for each other, and turn meanwhile;
# a file stays in one, for what its tests share, and long ones begin (test/conftest.py)
PYTEST = OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15

# uv has certificates of its own, which know no company's proxy: where the system keeps some, they count, as for pip
ifneq (,$(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
endif

ifneq (,$(filter-out jazzy kilted,$(ROS)))
$(error there are no wheels of ROS 2 $(ROS): make test takes ROS=jazzy or ROS=kilted; in the image ros:$(ROS)-ros-base do what .github/workflows/ros.yaml does)
endif

# a shell that forbids bytecode would have each of the tests' many processes compile torch anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo docs coverage test test-core test-city test-ros test-kilted lint ruff format mypy imports clean

demo: $(VENV)/.demo
	@rm -rf $(OUT)
	$(BIN)/mt-perception demo --out $(OUT)

# every part runs and reports, whatever the others say; the exit status is that of all
test: $(VENV)/.test
	@$(MAKE) --no-print-directory --keep-going lint test-core test-city test-ros

test-core: $(VENV)/.test
	$(PYTEST) --ignore test/ros

# in processes of their own: torch and MuJoCo's OpenGL in one can crash
test-city: $(VENV)/.test
	$(PYTEST) packages/mt_city

test-ros: $(VENV)/.test
	$(PYTEST) test/ros

# the nodes on another distribution's wheels, apart from whatever ROS installation is sourced
test-kilted:
	env -u AMENT_PREFIX_PATH -u LD_LIBRARY_PATH -u PYTHONPATH -u ROS_DISTRO $(MAKE) ROS=kilted test-ros

# the same tests as `test`, a quarter slower: what of the code they reach, in whichever process, and whether it is enough
coverage: $(VENV)/.test
	$(BIN)/coverage erase
	@$(MAKE) --no-print-directory --keep-going RUN="$(BIN)/coverage run" test-core test-city test-ros
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# the site; python3 -m http.server --directory out/site shows it. In an environment of its own: the tests need none of it
docs: $(VENV)-docs/.docs
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --clean --strict

$(VENV)-docs/.docs: setup.py | $(BIN)/uv
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)-docs
	$(BIN)/uv pip install --quiet --python $(VENV)-docs --editable '.[docs]'
	@touch $@

lint: ruff format mypy imports

ruff: $(VENV)/.test
	$(BIN)/ruff check .

format: $(VENV)/.test
	$(BIN)/ruff format --check .

mypy: $(VENV)/.test
	$(BIN)/mypy

imports: $(VENV)/.test
	$(BIN)/lint-imports --no-cache

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) cannot make virtual environments; apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

SHIPPED := $(shell find launch config rviz models recordings resource scripts -type f 2>/dev/null)

$(VENV)/.demo: setup.py package.xml $(SHIPPED) | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(VENV) --editable '.[ros-$(ROS),openvino]'
	@touch $@

$(VENV)/.test: setup.py package.xml packages/mt_city/pyproject.toml $(SHIPPED) | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(VENV) --editable packages/mt_city --editable '.[ros-$(ROS),openvino,torch,train,networks,quantize,sim,view,report,dev]'
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) $(VENV)-docs .venv-kilted .coverage* out build install log *.egg-info packages/*/build packages/*/*.egg-info
