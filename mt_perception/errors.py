# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a user can mend, told apart from what is this program's fault."""

from __future__ import annotations

_REASON_CHARACTERS = 300


def reason_of(error: Exception) -> str:
    """The end of what another program's error says, in one line: stack traces and addresses come before it."""
    return " ".join(str(error).split())[-_REASON_CHARACTERS:]


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
