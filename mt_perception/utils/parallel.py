# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Runs one function over many items: in this process, in several, or on the machines of a Ray cluster."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, util
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, TypeVar

import cv2

from mt_perception.errors import Error


class PoolError(Error, ValueError):
    """Workers that cannot be had, or that died."""


Item = TypeVar("Item")
Result = TypeVar("Result")
Results = Generator[Result, None, None]
"""In the order in which they are ready. Closing it ends what is running; so does the end of this process."""


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, ray: str = ""
) -> Results[Result]:
    """`function` of each item. `ray`: the address of a cluster, or `local` for one of `workers` processes here."""
    if workers < 1:
        raise PoolError(f"there are {workers} workers; at least 1 is needed")
    if ray:
        return _on_ray(function, items, workers, ray)
    if min(workers, len(items)) <= 1:
        return (function(item) for item in items)
    return _in_processes(function, items, workers)


@contextmanager
def opencv_threads(count: int) -> Iterator[None]:
    """So many threads for each call of OpenCV within the block, in all of the process; then as many as before."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _in_processes(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Results[Result]:
    # spawned: OpenCV and OpenVINO have threads, which do not survive a fork
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(ours,))
    try:
        for job in as_completed([pool.submit(function, item) for item in items]):
            yield job.result()
    except BrokenProcessPool:
        reason = "a worker process died, perhaps for lack of memory; go on with fewer workers"
        raise PoolError(reason) from None
    except BaseException:  # an item failed, or the results are not wanted any more
        theirs.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        theirs.close()
        ours.close()


def _begin_worker(parent: Connection) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):  # they reach all processes; the parent decides, and its end ends this
        signal.signal(each, signal.SIG_IGN)
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    cv2.setNumThreads(1)


def _end_with(parent: Connection) -> None:
    """End this process as soon as the other end of the pipe is closed, or gone with its process."""
    parent.poll(None)
    util._run_finalizers(0)  # type: ignore[attr-defined]  # temporary files go
    os._exit(1)


def _on_ray(function: Callable[[Item], Result], items: Sequence[Item], workers: int, address: str) -> Results[Result]:
    ray = _connect(address, workers)

    def work(item: Item) -> Result:
        with opencv_threads(1):
            return function(item)

    task = ray.remote(num_cpus=1)(work)
    try:
        waiting = [task.remote(item) for item in items]
        while waiting:
            ready, waiting = ray.wait(waiting)
            yield from ray.get(ready)
    except ray.exceptions.RayError as error:
        raise PoolError(f"Ray gave up: {str(error).strip().splitlines()[-1]}") from error
    finally:
        ray.shutdown()  # cancels what this program still has waiting


def _connect(address: str, workers: int) -> Any:
    """The module `ray`, connected."""
    _expect_listener(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise PoolError("--ray needs the Python package ray, which is not installed: pip install ray") from None
    local = {"num_cpus": workers, "include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING, **local)  # type: ignore[arg-type]
    except Exception as error:  # a cluster here that does not start in time is a plain one
        raise _no_cluster(address, str(error).strip().splitlines()[0]) from error
    return ray


def _expect_listener(address: str) -> None:
    """Ray itself tries a wrong address for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host:
        return
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, ValueError) as error:
        raise _no_cluster(address, str(error)) from None


def _no_cluster(address: str, reason: str) -> PoolError:
    return PoolError(f"there is no Ray cluster at {address} ({reason}); give HOST:PORT, auto or local")
