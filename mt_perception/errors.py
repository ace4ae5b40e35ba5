"""What a user can mend, told apart from what is this program's fault."""

from __future__ import annotations


class MtPerceptionError(Exception):
    """Said to the user in one sentence: what is wrong, what is allowed, what to do. All others keep their traceback."""
