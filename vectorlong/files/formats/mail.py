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


def read_eml(
    path: Path, columns: Columns, limits: Limits = DEFAULT_LIMITS, encoding: str | None = None
) -> Iterator[Content]:
    """Read a message's text: the subject is its title, attachments are named in a remark."""
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
    if "subject" in metadata:
        metadata["title"] = metadata["subject"]
    yield Content("\n\n".join(reader.texts), metadata, remarks=tuple(reader.remarks()))


def _header(message: Message, name: str) -> str:
    """Give a header decoded, white space as one space; bytes that are no text are replaced."""
    value = str(message.get(name, "")).encode("utf-8", "surrogateescape")
    return " ".join(value.decode("utf-8", "replace").split())


class _Parts:
    """Collects the texts of a message, and the names of what is none."""

    def __init__(self, limits: Limits, encoding: str | None) -> None:
        self._limits = limits
        self._encoding = encoding
        self.texts: list[str] = []
        self._attachments: list[str] = []
        self._hidden: list[str] = []

    def read(self, message: Message) -> None:
        """Go through a message's parts in their order."""
        waiting: list[Message] = [message]
        n_parts = 0
        while waiting:
            part = waiting.pop()
            n_parts += 1
            if n_parts > _MAX_PARTS:
                raise UnreadableError(f"is a message of more than {_MAX_PARTS:,} parts")
            kind = part.get_content_type()
            if part.get_content_disposition() == "attachment" or part.get_filename():
                self._attachments.append(part.get_filename() or kind)
            elif kind == "multipart/alternative":
                waiting.extend(_preferred(part))
            elif part.is_multipart() and kind != "message/rfc822":
                waiting.extend(reversed(_children(part)))
            elif kind in ("text/plain", "text/html"):
                self._add(part, kind)
            else:
                self._attachments.append(kind)

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


def _preferred(part: Message) -> list[Message]:
    """Of versions of one text take the plain one unless it is empty, else the page or the last."""
    children = _children(part)
    for wanted in ("text/plain", "text/html"):
        for child in children:
            content = child.get_payload()
            if child.get_content_type() == wanted and isinstance(content, str) and content.strip():
                return [child]
    return children[-1:]
