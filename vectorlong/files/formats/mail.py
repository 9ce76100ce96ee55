"""Messages as mail programs save them: .eml."""

from __future__ import annotations

import email
import email.policy
import os
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

from vectorlong.files.encodings.decoding import decode_part
from vectorlong.files.formats.html import page_text
from vectorlong.files.limits import DEFAULT_LIMITS, Limits
from vectorlong.files.opening import open_file
from vectorlong.files.records import Columns, Content
from vectorlong.files.unreadable import UnreadableError, damage

HEADERS = ("subject", "from", "to", "cc", "date")
_MAX_PARTS = 1_000
_MAX_NAMED = 10
# A plain text of fewer words than the page beside it is no version of it; many say that there is
# nothing to be seen without a better program.
_MUCH_LONGER = 1.25


def read_eml(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read a message's text, the subject first; attachments are named in a remark."""
    with open_file(path) as file, damage("message"):
        size = file.seek(0, os.SEEK_END)
        limits.check_bytes(size)
        file.seek(0)
        message = email.message_from_bytes(file.read(size), policy=email.policy.default)
        metadata = {name: value for name in HEADERS if (value := _header(message, name))}
        if not metadata and not message.keys():
            raise UnreadableError("is no message: it has no headers")
        reader = _Parts(limits, encoding)
        reader.read(message)
    texts = reader.texts
    if "subject" in metadata:
        metadata["title"] = metadata["subject"]
        texts = [metadata["subject"], *texts]
    yield Content("\n\n".join(texts), metadata, remarks=tuple(reader.remarks()))


def _header(message: Message, name: str) -> str:
    """Give a header decoded, white space as one space; bytes that are no text are replaced."""
    value = str(message.get(name, "")).encode("utf-8", "surrogateescape")
    return " ".join(value.decode("utf-8", "replace").split())


class _Parts:
    """Collects the texts of a message, and the names of what is none."""

    def __init__(self, limits: Limits, encoding: str | None) -> None:
        self._limits = limits
        self._encoding = encoding
        self._n_parts = 0
        self.texts: list[str] = []
        self._attachments: list[str] = []
        self._hidden: list[str] = []

    def read(self, message: Message) -> None:
        """Go through a message's parts in their order."""
        waiting: list[Message] = [message]
        while waiting:
            part = waiting.pop()
            self._n_parts += 1
            if self._n_parts > _MAX_PARTS:
                raise UnreadableError(f"is a message of more than {_MAX_PARTS:,} parts")
            kind = part.get_content_type()
            if part.get_content_disposition() == "attachment" or part.get_filename():
                self._attachments.append(part.get_filename() or kind)
            elif kind == "multipart/alternative":
                self._read_versions(_children(part))
            elif part.is_multipart() and kind != "message/rfc822":
                waiting.extend(reversed(_children(part)))
            elif kind in ("text/plain", "text/html"):
                self._add(part, kind)
            else:
                self._attachments.append(kind)

    def _read_versions(self, messages: list[Message]) -> None:
        """Keep one version of a text, and the names of what is attached to any."""
        versions: list[_Parts] = []
        for message in sorted(messages, key=lambda it: it.get_content_type() != "text/plain"):
            version = _Parts(self._limits, self._encoding)
            version._n_parts = self._n_parts
            version.read(message)
            self._n_parts = version._n_parts
            self._attachments.extend(version._attachments)
            if version.texts:
                versions.append(version)
        if versions:
            longest = max(versions, key=_Parts._n_words)
            is_longer = longest._n_words() > _MUCH_LONGER * versions[0]._n_words()
            chosen = longest if is_longer else versions[0]
            self.texts.extend(chosen.texts)
            self._limits.check_characters(sum(map(len, self.texts)))
            self._hidden.extend(chosen._hidden)

    def _n_words(self) -> int:
        return sum(len(text.split()) for text in self.texts)

    def _add(self, part: Message, kind: str) -> None:
        """Keep a part's text, decoded."""
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            return
        text = decode_part(content, part.get_content_charset(), self._encoding)
        if kind == "text/html":
            page = page_text(text)
            text = page.text
            self._hidden.extend(page.remarks)
        text = text.strip("\r\n")
        self._limits.check_characters(sum(map(len, self.texts)) + len(text))
        if text.strip():
            self.texts.append(text)

    def remarks(self) -> Iterator[str]:
        """Say what is not in the text."""
        if self._attachments:
            names = ", ".join(self._attachments[:_MAX_NAMED])
            more = len(self._attachments) - _MAX_NAMED
            yield f"attachments are not read: {names}" + (f" and {more:,} more" if more > 0 else "")
        yield from dict.fromkeys(self._hidden)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    parts = payload if isinstance(payload, list) else []
    return [child for child in parts if isinstance(child, Message)]
