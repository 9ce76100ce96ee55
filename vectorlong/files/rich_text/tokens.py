"""The signs that rich text is made of: control words, bytes by number, groups, plain bytes."""

from __future__ import annotations

import re

# What has matched is told by the number of the last group that took part.
TEXT, WORD, NUMBERED_WORD, HEXES, BRACE, SYMBOL = range(1, 7)
TOKEN = re.compile(
    rb"([^\\{}\x00-\x08\x0a-\x1f]+)"
    rb"|\\([A-Za-z]+)(-?[0-9]+)? ?"
    rb"|((?:\\'[0-9A-Fa-f]{2})+)"
    rb"|([{}])"
    rb"|\\(.)"
    rb"|[\x00-\x08\x0a-\x1f]+|.",  # line ends, which are none of the text's; a last backslash
    re.DOTALL,
)
_IN_SKIPPED = re.compile(rb"([{}])|\\bin([0-9]+) ?|\\.", re.DOTALL)
UNICODE_VERSION = re.compile(rb"\{\s*\\\*\s*\\ud(?![A-Za-z])")
# Longer numbers are none that anything here could count.
_MAX_DIGITS = 10


def number_of(digits: bytes) -> int:
    """Give the number after a control word, or one as good where it is beyond all sense."""
    return int(digits[: _MAX_DIGITS + 1])


def end_of_group(content: bytes, position: int) -> int:
    """Find the brace that closes the group that a place is in; the end where there is none."""
    n_open = 0
    while (token := _IN_SKIPPED.search(content, position)) is not None:
        position = token.end()
        if token[1] == b"{":
            n_open += 1
        elif token[1] == b"}":
            if not n_open:
                return token.start()
            n_open -= 1
        elif token[2] is not None:
            position += number_of(token[2])
    return len(content)
