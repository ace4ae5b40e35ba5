# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Reads HTML pages as tests need it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

OFFLINE = """"Content-Security-Policy" content="default-src 'unsafe-inline' 'wasm-unsafe-eval' data: blob:">"""
"""What keeps a browser from asking anybody for anything, whatever the page holds."""


class Reader(HTMLParser):
    """Notes the tags that are open, all addresses, and the text."""

    VOID = {"meta", "img", "br", "link"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += " ".join(data.split()) + " "


def without_data(html: str) -> str:
    """A page as it was written: without images, 3D views, and the viewer that these share."""
    html = re.sub(r'<script id="viewer".*?</script>', "", html, flags=re.DOTALL)
    return re.sub(r'(base64,|type="text/plain">)[A-Za-z0-9+/=]+', "", html)
