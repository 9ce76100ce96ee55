"""The process that reads documents with parsers that are not ours, one after another.

It is started by `vectorlong.files.process.reader_process`, loads no torch, and may be ended at any
moment. It ends by itself when its parent does, however that ends, and when a file takes too long
while nobody is left to end it.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from vectorlong.files.file_types import WORKBOOK_TYPES
from vectorlong.files.formats.epub import read_epub
from vectorlong.files.formats.html import read_html
from vectorlong.files.formats.mail import read_eml
from vectorlong.files.formats.pdf import read_pdf
from vectorlong.files.formats.rtf import read_rtf
from vectorlong.files.formats.xml_text import read_xml
from vectorlong.files.limits import Limits
from vectorlong.files.opendocument.document import read_opendocument
from vectorlong.files.process.messages import receive, send
from vectorlong.files.process.replies import reply_of
from vectorlong.files.records import Columns, Content, Reader
from vectorlong.files.sheets.workbook import read_sheets
from vectorlong.files.slides.pptx import read_pptx
from vectorlong.files.unreadable import reason_of
from vectorlong.files.word.docx import read_docx

_READERS: dict[str, Reader] = {
    "html": read_html,
    "xml": read_xml,
    "eml": read_eml,
    "rtf": read_rtf,
    "pdf": read_pdf,
    "docx": read_docx,
    "pptx": read_pptx,
    "epub": read_epub,
    **dict.fromkeys(WORKBOOK_TYPES, read_sheets),
    **dict.fromkeys(["odt", "odp", "odg"], read_opendocument),
}
_MAX_REQUEST_BYTES = 1 << 20
# The parent ends it sooner; this is for when there is none.
_GRACE_S = 5
# Parsers call a lack of memory by many names ("unknown error"). Where most of it was taken and
# a file was refused, that is why, or a new process will tell.
_MOSTLY = 0.8


def main() -> None:
    """Answer requests on standard input until it ends."""
    requests, replies = sys.stdin.buffer, _take_stdout()
    threading.Thread(target=_end_with_parent, args=(requests.fileno(),), daemon=True).start()
    first = receive(requests, _MAX_REQUEST_BYTES) or {}
    limits, encoding = Limits(**first.get("limits", {})), first.get("encoding")
    _limit_process(limits.memory_bytes)
    send(replies, {})
    while (request := receive(requests, _MAX_REQUEST_BYTES)) is not None:
        path = Path(os.fsdecode(bytes.fromhex(request["path"])))
        columns = Columns(**request["columns"])
        for reply in _answers(path, request["kind"], columns, limits, encoding):
            try:
                send(replies, reply)
            except MemoryError:  # before anything of it was written
                send(replies, {"is_out_of_memory": True})
                break


def _end_with_parent(descriptor: int) -> None:
    """Notice even while a file is read that the other end of standard input has closed."""
    if not hasattr(select, "poll"):  # Windows, where it is noticed after the file
        return
    poll = select.poll()
    poll.register(descriptor, 0)  # a hang-up is always reported, and nothing else then
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
        pass
    os._exit(0)


def _take_stdout() -> BinaryIO:
    """Keep standard output for replies, whatever a parser prints."""
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return replies


def _limit_process(memory_bytes: int) -> None:
    """Let the process take no more memory, write no file, and leave no core dump."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    if sys.platform != "darwin":  # which knows the limit and does not keep it
        _lower(resource.RLIMIT_AS, _address_space() + memory_bytes)


def _lower(limit: int, value: int) -> None:
    import resource

    _, most = resource.getrlimit(limit)
    if most != resource.RLIM_INFINITY:
        value = min(value, most)
    resource.setrlimit(limit, (value, value))


def _address_space() -> int:
    """Bytes that the interpreter and the parsers take before any document is read."""
    try:
        n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # not Linux
        return 1 << 30
    return n_pages * os.sysconf("SC_PAGE_SIZE")


def _end_after(seconds: int) -> None:
    """Have the system end this process after so much computing; 0: have it not."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _answers(
    path: Path, kind: str, columns: Columns, limits: Limits, encoding: str | None
) -> Iterator[dict[str, Any]]:
    """Give a reply for each part of a file; the last says that it is, unless it is a refusal."""
    waiting: dict[str, Any] | None = None  # for whether another comes after it
    parts = _READERS[kind](path, columns, limits, encoding)
    while True:
        _end_after(limits.seconds + _GRACE_S)
        try:
            part = next(parts, None)
            reply = None if part is None else reply_of(part)
            if isinstance(part, Content):
                limits.check_characters(len(part.text) + sum(map(_length, part.metadata.values())))
        # No file may end the process: whatever a parser raises is the reason why it was not read.
        except Exception as error:
            reply = _refusal(error, limits)
        _end_after(0)
        if reply is None:
            yield {**waiting, "is_last": True} if waiting else {"refusal": "holds no rows"}
            return
        if waiting is not None:
            yield waiting
        waiting = reply
        if "refusal" in reply or "is_out_of_memory" in reply:
            yield reply
            return


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else 0


def _refusal(error: Exception, limits: Limits) -> dict[str, Any]:
    if isinstance(error, MemoryError) or _memory_taken() > _MOSTLY * limits.memory_bytes:
        return {"is_out_of_memory": True}
    return {"refusal": reason_of(error)}


def _memory_taken() -> int:
    """Bytes of memory that the process had at most; 0 where it is not known.

    Not of getrusage, which counts what the process that started this one had.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:  # not Linux
        return 0
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return 0 if found is None else int(found[1]) * 1024
