# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("filelock")

from mt_perception.backends.engines import EngineCache, EngineKey, driver_version

KEY = EngineKey(
    weights="a" * 64, graph="g", height=64, width=128, precision="fp16", gpu="Orin (nvgpu)", compute_capability="8.7",
    tensorrt="10.3.0", torch="2.8.0", torch_tensorrt="2.8.0", driver="540.4.0",
)  # fmt: skip
ENGINE = bytes(range(256)) * 40 + b"\n{}\n"


@pytest.fixture
def cache(tmp_path):
    return EngineCache(tmp_path / "not" / "there" / "yet")


def test_an_engine_comes_back_as_it_was(cache):
    assert cache.load(KEY) is None
    cache.store(KEY, ENGINE)
    assert cache.load(KEY) == ENGINE
    cache.store(KEY, b"another")
    assert cache.load(KEY) == b"another"
    assert [file.name for file in cache.path(KEY).parent.iterdir()] == [KEY.file_name]


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(EngineKey)])
def test_whatever_changes_it_is_another_engine(cache, name):
    value = getattr(KEY, name)
    other = dataclasses.replace(KEY, **{name: value + 1 if isinstance(value, int) else f"x{value}"})
    cache.store(KEY, ENGINE)
    assert cache.load(other) is None


def test_the_files_name_tells_what_it_is():
    assert KEY.file_name.startswith("aaaaaaaaaaaa-128x64-fp16-") and KEY.file_name.endswith(".engine")


def half(content):
    return content[: len(content) // 2]


def one_bit(content):
    return content[:-3000] + bytes([content[-3000] ^ 1]) + content[-2999:]


@pytest.mark.parametrize(
    "damage",
    [half, one_bit, lambda c: b"", lambda c: b"\xff\xfe\n" + c, lambda c: b"[]\n", lambda c: c.replace(b"8.7", b"8.9")],
)
def test_a_damaged_engine_is_built_anew(cache, damage, caplog):
    cache.store(KEY, ENGINE)
    cache.path(KEY).write_bytes(damage(cache.path(KEY).read_bytes()))
    assert cache.load(KEY) is None and "is damaged and will be built anew" in caplog.text
    assert cache.get_or_build(KEY, lambda: b"new") == b"new"
    assert cache.load(KEY) == b"new"


def test_only_what_is_missing_is_built(cache):
    assert cache.get_or_build(KEY, lambda: ENGINE) == ENGINE
    assert cache.get_or_build(KEY, lambda: pytest.fail("it is there")) == ENGINE
    assert cache.get_or_build(KEY, lambda: b"forced", force=True) == b"forced"


def test_a_builder_that_fails_leaves_the_old_engine_and_no_lock(cache):
    cache.store(KEY, ENGINE)

    def fail():
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        cache.get_or_build(KEY, fail, force=True)
    assert cache.get_or_build(KEY, lambda: pytest.fail("it is there")) == ENGINE


def test_an_engine_that_cannot_be_written_leaves_nothing_behind(cache, monkeypatch):
    cache.store(KEY, ENGINE)

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="no space"):
        cache.store(KEY, b"new")
    assert cache.load(KEY) == ENGINE
    assert [file.name for file in cache.path(KEY).parent.iterdir()] == [KEY.file_name]


def test_without_a_folder_it_goes_on_without_a_cache_and_says_so(tmp_path, caplog):
    (tmp_path / "taken").write_text("a file")
    cache = EngineCache(tmp_path / "taken" / "cache")
    assert cache.load(KEY) is None and not caplog.text
    assert cache.get_or_build(KEY, lambda: ENGINE) == ENGINE
    assert caplog.text.count("going on without a cache") == 1 and str(tmp_path / "taken") in caplog.text


BUILDER = """
import dataclasses, sys
from pathlib import Path
from mt_perception.backends.engines import EngineCache, EngineKey
folder, name = Path(sys.argv[1]), sys.argv[2]
key = EngineKey(**eval(sys.argv[3]))
def build():
    print("building", flush=True)
    sys.stdin.readline()          # until the test says so
    return name.encode()
print(EngineCache(folder).get_or_build(key, build).decode(), flush=True)
"""


@pytest.fixture
def builder(tmp_path):
    """`builder(name)`: a process that wants the engine, and once it says `building` waits for a line."""
    started = []

    def start(name):
        arguments = [str(tmp_path), name, repr(dataclasses.asdict(KEY))]
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", BUILDER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_of_two_processes_one_builds_and_both_have_it(builder):
    first = builder("first")
    assert first.stdout.readline() == "building\n"
    second = builder("second")
    said = []
    reader = threading.Thread(target=lambda: said.append(second.stdout.read()))
    reader.start()
    first.stdin.write("go\n")
    first.stdin.flush()
    reader.join(30)
    assert said == ["first\n"] and first.stdout.read() == "first\n"


def test_a_builder_that_is_killed_does_not_lock_the_others_out(builder):
    first = builder("first")
    assert first.stdout.readline() == "building\n"
    second = builder("second")
    first.send_signal(signal.SIGKILL)
    assert second.stdout.readline() == "building\n"
    assert second.communicate("go\n", timeout=30)[0] == "second\n"


def test_the_driver_says_which_it_is(tmp_path):
    file = tmp_path / "version"
    assert driver_version(file) == "unknown"
    file.write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build\nGCC version: x\n"
    )
    assert driver_version(file) == "NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build"
