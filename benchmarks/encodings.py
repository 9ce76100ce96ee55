"""How often encodings are told right, refused, or told wrong.

    python benchmarks/encodings.py [FOLDER]

Cuts the texts of ``tests/files/sentences.py`` to several lengths at several places. With a folder,
UTF-8 files ``LANGUAGE*.txt`` in it is cut instead and written in the encodings that the language
has there.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

from tests.files.sentences import TEXTS, encode
from vectorlong.files.encodings.decoding import find_encoding
from vectorlong.files.unreadable import UnreadableError

_LENGTHS = (50, 100, 200, 1_000, 5_000)
_N_CUTS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    counts = {length: Counter[str]() for length in _LENGTHS}
    confusions: Counter[tuple[str, ...]] = Counter()
    path = Path(tempfile.mkdtemp()) / "text.txt"
    for (language, encoding), text in TEXTS.items():
        if folder is not None:
            files = sorted(folder.glob(f"{language}*.txt"))
            text = "".join(file.read_text(encoding="utf-8") for file in files)
        for length in _LENGTHS:
            for piece in _cuts(text, length):
                content = encode(piece, encoding)
                if content.isascii() and encoding != "iso2022_jp":
                    continue
                path.write_bytes(content)
                verdict, found = _verdict(path, content.decode(encoding))
                counts[length][verdict] += 1
                if verdict == "wrong":
                    confusions[language, encoding, found, str(length)] += 1
    for length, count in counts.items():
        if count:
            print(length, dict(count))
    for names, n_texts in confusions.most_common():
        print(n_texts, *names)
    print(json.dumps({length: dict(count) for length, count in counts.items() if count}))


def _cuts(text: str, length: int) -> list[str]:
    """Pieces of a text from the beginnings of words on."""
    if len(text) < length:
        return []
    chance = random.Random(length)
    starts = [place + 1 for place in range(len(text) - length) if text[place].isspace()]
    return [
        text[start : start + length]
        for start in [0, *chance.sample(starts, min(_N_CUTS, len(starts)))]
    ]


def _verdict(path: Path, text: str) -> tuple[str, str]:
    try:
        encoding = find_encoding(path)
    except UnreadableError:
        return "refused", ""
    return ("right" if path.read_bytes().decode(encoding) == text else "wrong"), encoding


if __name__ == "__main__":
    main()
