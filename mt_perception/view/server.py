# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The viewer's server: rerun's program, which keeps what was sent and brings its page along, for this machine alone."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

from mt_perception.errors import Error
from mt_perception.utils.node_process import end

HOST = "127.0.0.1"
MEMORY_MIB = 1024
"""How much of what is shown is kept, the newest, unless told otherwise."""
_STARTS_WITHIN_S = 30.0


class ViewError(Error, RuntimeError):
    """Why nothing can be shown."""

    page = "view"


@dataclass(frozen=True)
class Viewer:
    """`page`: what a browser opens. `data`: where a `Sink` sends what it shall show."""

    page: str
    data: str
    process: subprocess.Popen[bytes]

    def check(self) -> None:
        """Raise `ViewError` when the viewer has ended."""
        if (status := self.process.poll()) is not None:
            raise ViewError(f"the viewer has ended with status {status}")

    def wait(self) -> None:
        """Until Ctrl-C. Raises `ViewError` when the viewer ends before."""
        self.process.wait()
        self.check()


def require_view() -> None:
    """Raise `ViewError` with the command that installs rerun, when it is missing."""
    if not find_spec("rerun"):
        raise ViewError(
            "this needs the Python package rerun-sdk, which is not installed: pip install 'mt_perception[view]' "
            "(with Python 3.11 or newer)"
        )


@contextmanager
def viewer(port: int, memory_mib: int) -> Iterator[Viewer]:
    """A viewer at `port`, with its data at the next one, or both where it is free (0); it ends with the block.

    It keeps the newest `memory_mib`. Raises `ViewError` when it does not start.
    """
    require_view()
    from mt_perception.view.page import served_page  # a server for HTTP, which the other commands start without

    page_port, data_port, inner_port = _free((port, port + 1, 0) if port else (0, 0, 0))
    data = f"rerun+http://{HOST}:{data_port}/proxy"
    query = urlencode({"url": data, "hide_welcome_screen": "", "persist": "false", "notebook": "true"})
    command = [
        _program(), "--serve-web", "--bind", HOST, "--port", str(data_port), "--web-viewer-port", str(inner_port),
        "--server-memory-limit", f"{memory_mib}MiB",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:
        # it tells its makers about its use, unless it was told not to: here, in a home that lasts as long as it
        environment = os.environ | {"XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "RUST_LOG": "warn"}
        subprocess.run([_program(), "analytics", "disable"], env=environment, stdout=log, stderr=log, check=False)
        # a session of its own: Ctrl-C reaches the program alone, which then ends it
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            for each in (data_port, inner_port):
                _await(process, each, Path(log.name))
            with served_page((HOST, page_port), (HOST, inner_port), (HOST, data_port)):
                yield Viewer(f"http://{HOST}:{page_port}/?{query}", data, process)
        finally:
            end(process)


def _program() -> str:
    import rerun_cli

    return str(Path(rerun_cli.__file__).with_name("rerun"))


def _free(ports: tuple[int, ...]) -> list[int]:
    """These ports, with free ones in the place of each 0. Raises `ViewError` for one that is taken."""
    listeners = [socket.socket() for _ in ports]
    try:
        for listener, port in zip(listeners, ports, strict=True):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
            except (OSError, OverflowError) as error:
                why = getattr(error, "strerror", error)
                raise ViewError(f"port {port} cannot be used ({why}); give another one") from error
        return [each.getsockname()[1] for each in listeners]
    finally:
        for listener in listeners:
            listener.close()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the viewer listens. Raises `ViewError` with its last words when it ends instead."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while True:
        try:
            return socket.create_connection((HOST, port), 1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(encoding="utf-8", errors="replace").split("\n") or ["it says nothing"]
                raise ViewError(f"the viewer does not start: {words[-1].strip()}") from None
            time.sleep(0.02)
