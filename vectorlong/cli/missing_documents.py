"""Documents of an index that the folders they came from no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vectorlong.cli.output import counted, say, some
from vectorlong.documents import Document
from vectorlong.errors import IndexCorruptError
from vectorlong.files.source import FileSource
from vectorlong.retrieval.document_index import DocumentIndex
from vectorlong.vector_index.index_files import checked, folder_errors, read_sealed, replace_sealed

HOW_TO_REMOVE = "run the same command with --prune"
_SOURCES_NAME = "sources.json"


def damaged_sources(folder: Path) -> list[str]:
    """Say whether an index's note of the folders it came from is damaged; empty if not."""
    path = folder / _SOURCES_NAME
    with folder_errors("read", folder):
        if not path.exists() or _read_origins(path) is not None:
            return []
    return [
        f"{str(path)!r} is damaged; documents that are gone from their folders stay in the index "
        "until it is known again where they come from. The next vectorlong index makes it anew."
    ]


@dataclass(frozen=True)
class _Sources:
    """What the note says: the folder that all documents under a name came from."""

    folders: dict[str, str]


def _read_origins(path: Path) -> dict[str, str] | None:
    """Return the folders by name, or None where the note is missing or damaged."""
    try:
        content = read_sealed(path)
        return None if content is None else checked(_Sources, content, path).folders
    except (FileNotFoundError, IndexCorruptError):
        return None


@dataclass
class MissingDocuments:
    """What a reading missed.

    Attributes
    ----------
    ids
        Documents that came from what was given, and are no longer there.
    doubtful
        Ids of documents that are not there either, by the names under which a folder came first.
        They may be from another folder of that name.
    """

    ids: list[str] = field(default_factory=list)
    doubtful: dict[str, list[str]] = field(default_factory=dict)

    @property
    def doubtful_ids(self) -> list[str]:
        """All doubtful ones."""
        return [name for ids in self.doubtful.values() for name in ids]

    def report(self, *, are_removed: bool) -> None:
        """Say it on stderr."""
        if self.ids and not are_removed:
            say(
                f"{counted(len(self.ids), 'document')} of the index came from what was given and "
                f"{'is' if len(self.ids) == 1 else 'are'} no longer there: {some(self.ids)}. "
                f"To remove from the index what is gone, {HOW_TO_REMOVE}."
            )
        for name, ids in self.doubtful.items():
            say(
                f"{counted(len(ids), 'document')} of the index may be gone, or may have come from "
                f"another folder called {name!r}, and so stay: {some(ids)}. DocumentIndex.delete "
                "removes documents by id; an index made anew has none of them."
            )


class SourceWatch:
    """Follows a reading, to know afterwards which documents of the index it did not meet.

    Documents are named by their path from a folder's own name on, and folders of different places
    may share that name. So a file beside the index keeps, by name, the folder that all documents
    under the name came from; where it does not say, nothing is taken for gone.

    Parameters
    ----------
    index
        Open for writing, before the documents are added.
    source
        What they are read from.
    """

    def __init__(self, index: DocumentIndex, source: FileSource) -> None:
        self._index = index
        self._source = source
        self._path = index.folder / _SOURCES_NAME
        # Paths below the name sort between these two: "0" is the character after "/".
        self._unmet = {
            name: dict.fromkeys(index.ids({"file.path": {"$gte": f"{name}/", "$lt": f"{name}0"}}))
            for name in source.roots
        }
        self._origins = self._read_origins()
        # Before the first document is added, lest an interruption leave them under a wrong origin.
        for name, root in source.roots.items():
            if self._unmet[name] and self._origins.get(name) != str(root):
                self._origins.pop(name, None)
        self._settle()

    def follow(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Pass the documents on."""
        for document in documents:
            for unmet in self._unmet.values():
                unmet.pop(document.id, None)
            yield document

    def gone(self) -> MissingDocuments:
        """Return what was not met, once all documents were drawn and added."""
        self._settle()
        gone = MissingDocuments()
        for name, unmet in self._unmet.items():
            ids = [id for id in unmet if self._source.accounts_for(self._path_of(id))]
            if name in self._origins:
                gone.ids.extend(ids)
            elif ids:
                gone.doubtful[name] = ids
        return gone

    def _path_of(self, id: str) -> str:
        document = self._index.get(id)
        facts = None if document is None else document.metadata.get("file")
        # A table's own column may be called "file.path", which the filter above finds, too.
        return str(facts.get("path", "")) if isinstance(facts, Mapping) else ""

    def _settle(self) -> None:
        """Note the folders that all documents under their name come from."""
        for name, root in self._source.roots.items():
            if not self._unmet[name]:
                self._origins[name] = str(root)
        if self._origins != self._read_origins():
            with folder_errors("write", self._index.folder):
                replace_sealed(self._path, {"folders": self._origins})

    def _read_origins(self) -> dict[str, str]:
        return _read_origins(self._path) or {}
