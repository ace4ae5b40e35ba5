# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a user can mend, told apart from what is this program's fault."""

from __future__ import annotations

import os

_REASON_CHARACTERS = 300


def reason_of(error: Exception) -> str:
    """The end of what another program's error says, in one line: stack traces and addresses come before it."""
    return " ".join(str(error).split())[-_REASON_CHARACTERS:]


def said(error: Exception) -> str:
    """What `error` says to people: one of the operating system as FILE: REASON, without its number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    names = [each for each in (error.filename, error.filename2) if isinstance(each, str | bytes | os.PathLike)]
    files = " -> ".join(map(os.fsdecode, names))
    return f"{files}: {error.strerror}" if files else error.strerror


class Error(Exception):
    """Said to the user in one sentence: what is wrong, what is allowed, what to do. All others keep their traceback.

    Examples:
        >>> from mt_perception import Error, Settings
        >>> try:
        ...     Settings(precision="fp8")
        ... except Error as error:
        ...     print(str(error).partition(";")[0])
        precision is 'fp8'

    page: that of the documentation, without its ending, that says more; empty for none. A `#heading` may follow.
    """

    page = ""
