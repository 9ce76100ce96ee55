"""Small made documents whose words say which they are."""

from __future__ import annotations

import numpy as np

from vectorlong.documents import Document

_WORDS = (  # noqa: SIM905 - a list would be twenty lines
    "river mountain engine contract violin harbour enzyme glacier tariff senate orchard falcon "
    "copper sonnet turbine vaccine desert lantern meadow quartz pilot bakery treaty comet"
).split()
_FILLER = "The report mentions some other matters of no importance here."


def make_document(number: int, version: int = 0) -> Document:
    """Document ``number``: a telling sentence with its own name somewhere among others."""
    generator = np.random.default_rng([number, version])
    sentences = [
        " ".join(generator.choice(_WORDS, 7)).capitalize() + "."
        for _ in range(int(generator.integers(1, 8)))
    ]
    place = int(generator.integers(0, len(sentences) + 1))
    sentences.insert(place, f"Marker{number} version{version} stands in this very sentence.")
    return Document(
        f"doc-{number}",
        " ".join([_FILLER, *sentences]),
        {"number": number, "version": version, "parity": "odd" if number % 2 else "even"},
    )


def make_documents(n_documents: int) -> list[Document]:
    return [make_document(number) for number in range(n_documents)]
