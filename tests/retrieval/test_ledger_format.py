"""What stands in a ledger stays the same from version to version: indexes are opened by later ones.

Who changes one of these values raises the format version, and reads the former one.
"""

from __future__ import annotations

import numpy as np

from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.retrieval.snapshot import content_digest, record_digest


def test_digests_are_those_of_the_first_version() -> None:
    content = content_digest("doc-1", "Two words.", '{"year":2019}')
    assert content.hex() == "f9576e8981b0625c20907eccd160c6a6"
    record = record_digest(content, 2, np.array([[0, 3], [4, 10]]))
    assert record.hex() == "349c2877c76d8393b2144f92b24ecbdd"


def test_the_file_carries_its_marks(index: DocumentIndex) -> None:
    index.close()
    header = (index.folder / "ledger.sqlite").read_bytes()[:100]
    assert header[60:64] == (2).to_bytes(4, "big")  # sqlite.org/fileformat2.html, section 1.3
    assert header[68:72] == b"vlng"
