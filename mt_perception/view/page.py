# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The viewer's page, in front of rerun's own server of it: the same, but that a browser lets it speak to nobody else.

As it comes, the page asks for fonts and new versions, and tells its makers about its use.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_POLICY = (
    "default-src 'self' blob: data:; script-src 'self' blob: 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' blob: data: {data}"
)
_PASSED_ON = ("Content-Type", "Content-Length", "Content-Encoding", "rerun-final-length")
_PART_BYTES = 1 << 16


@contextmanager
def served_page(address: tuple[str, int], inner: tuple[str, int], data: tuple[str, int]) -> Iterator[int]:
    """Serve at `address` what is served at `inner`; the page may connect to `data` alone. The port, while it lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = HTTPConnection(*inner)
            try:
                connection.request("GET", self.path)
                answer = connection.getresponse()
                self.send_response(answer.status)
                for name in _PASSED_ON:
                    if value := answer.getheader(name):
                        self.send_header(name, value)
                self.send_header("Content-Security-Policy", _POLICY.format(data="http://{}:{}".format(*data)))
                self.end_headers()
                while part := answer.read(_PART_BYTES):
                    self.wfile.write(part)
            except (OSError, HTTPException):
                self.close_connection = True  # one of the two is gone
            finally:
                connection.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(address, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="page", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
