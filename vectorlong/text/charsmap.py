"""SentencePiece's table of characters that are written otherwise, in the form it is stored in.

The form is a trie over UTF-8 in one array (a double array, as the library Darts-clone lays it out),
and behind it the replacements, each ended by a zero byte. ``tokenizers.normalizers.Precompiled``
reads it, and needs no longer for thousands of replacements than for one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# Each node that has children owns so many cells, one for each value of the next byte.
_N_BYTES = 256
_IS_VALUE = 1 << 31
_HAS_VALUE = 1 << 8
_OFFSET_SHIFT = 10
# Of a cell's distance to the cells of its children, in this form.
_OFFSET_END = 1 << 21


def sentencepiece_charsmap(replacements: Mapping[str, str]) -> bytes:
    r"""Write a table of characters.

    Parameters
    ----------
    replacements
        By single character; "" for one that is left out.

    Returns
    -------
    bytes
        For ``tokenizers.normalizers.Precompiled``.

    Raises
    ------
    ValueError
        A key is no single character, a zero byte is among them, or there are too many.

    Examples
    --------
    >>> from tokenizers.normalizers import Precompiled
    >>> table = sentencepiece_charsmap({"ﬁ": "fi", "\t": " ", "\u200b": ""})
    >>> Precompiled(table).normalize_str("ﬁx\tit\u200b")
    'fix it'
    """
    values, texts = _stored_replacements(replacements)
    cells = _trie({key.encode(): value for key, value in values.items()})
    return len(cells.tobytes()).to_bytes(4, "little") + cells.tobytes() + texts


def _stored_replacements(replacements: Mapping[str, str]) -> tuple[dict[str, int], bytes]:
    """Give the place of each replacement, and all of them one after the other."""
    values: dict[str, int] = {}
    texts = bytearray()
    for character, replacement in replacements.items():
        if len(character) != 1 or "\0" in character + replacement:
            raise ValueError(f"{character!r} cannot be replaced by {replacement!r}")
        values[character] = len(texts)
        texts += replacement.encode() + b"\0"
    return values, bytes(texts)


def _trie(values: Mapping[bytes, int]) -> np.ndarray:
    """Lay out a trie: little-endian uint32 [a multiple of 256].

    No key is the beginning of another, as no character's UTF-8 is. A cell holds its own byte, and
    its place XOR that of its children's cells; where a key ends, the one child is its value.
    """
    inner = {b"": None, **{key[:end]: None for key in values for end in range(1, len(key))}}
    bases = {prefix: _N_BYTES * (number + 1) for number, prefix in enumerate(inner)}
    # Values lie close together, behind: none of them can be taken for a byte's cell.
    first_value = _N_BYTES * (len(inner) + 1)
    bases.update({key: first_value + number for number, key in enumerate(values)})
    n_cells = -(-(first_value + len(values)) // _N_BYTES) * _N_BYTES
    if n_cells > _OFFSET_END:
        raise ValueError(f"{len(values):,} characters are more than the form has room for")
    cells = np.zeros(n_cells, dtype="<u4")
    for prefix, base in bases.items():
        place = bases[prefix[:-1]] ^ prefix[-1] if prefix else 0
        cells[place] = (place ^ base) << _OFFSET_SHIFT | (prefix[-1] if prefix else 0)
        if prefix in values:
            cells[place] |= _HAS_VALUE
            cells[base] = _IS_VALUE | values[prefix]
    return cells
