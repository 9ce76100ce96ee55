"""The text of a document in rich text: its signs are met one by one; no tree is built."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from vectorlong.files.limits import Limits
from vectorlong.files.rich_text.equations import Equations
from vectorlong.files.rich_text.fields import Fields
from vectorlong.files.rich_text.fonts import Fonts
from vectorlong.files.rich_text.notes import Notes
from vectorlong.files.rich_text.objects import Objects
from vectorlong.files.rich_text.paragraphs import SIGNS, SYMBOLS, Paragraphs
from vectorlong.files.rich_text.tokens import (
    BRACE,
    HEXES,
    NUMBERED_WORD,
    SYMBOL,
    TEXT,
    TOKEN,
    UNICODE_VERSION,
    WORD,
    end_of_group,
    number_of,
)
from vectorlong.files.rich_text.writer import NOWHERE, Writer

# What Word shows nothing of, or what is there for programs that do not know the group before it.
_SKIPPED = (
    *("colortbl", "stylesheet", "listtable", "listname", "revtbl"),
    *("leveltext", "levelnumbers"),
    *("listoverridetable", "filetbl", "xmlnstbl"),
    *("generator", "private", "template", "themedata", "datastore", "latentstyles", "rsidtbl"),
    *("panose", "falt", "fname", "fontemb", "fontfile", "pgptbl", "protusertbl", "userprops"),
    *("author", "operator", "manager", "company", "category", "keywords", "subject", "comment"),
    *("doccomm", "hlinkbase", "creatim", "revtim", "printim", "buptim"),
    *("ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn"),
    *("atndate", "atnref", "atnparent", "atntime", "atnicn", "atrfstart", "atrfend"),
    *("bkmkstart", "bkmkend", "xe", "rxe", "txe", "tc", "tcn", "pn", "pnseclvl", "pntxta"),
    *("pntxtb", "nonesttables", "nonshppict", "shprslt", "mmathPict", "blipuid"),
    *("objclass", "objname", "objdata", "objalias", "objsect", "objtime"),
    *("ffname", "ffdeftext", "ffformat", "ffhelptext", "ffstattext", "ffentrymcr", "ffexitmcr"),
    *("datafield", "fldtype", "background", "passwordhash"),
)
# Read as what is around them.
_ENTERED = ("shppict", "shpgrp", "shpinst", "picprop", "moMathPara")
_STYLE = "cs"  # of characters: what has one is no group of its own, though it looks so
_NOTHING = re.compile(rb"\\[a-z]+-?[0-9]* ?|[{}\s\x00]")
_UNSEEN_GROUP = re.compile(rb"[\s\x00}]*\{\s*\\\*")
# What names the font of the properties, whose bytes are in the document's own code page.
_NO_FONT = -1


class _Family(Protocol):
    """What meets some of the groups that say what they are."""

    def destinations(self) -> Mapping[str, Callable[[], None]]: ...


class RichText:
    """Reads a document.

    Parameters
    ----------
    limits
        How long a text may be.
    encoding
        What the user says of bytes whose font names no code page.

    Attributes
    ----------
    title
        What the document says it is.
    is_cut
        Whether it ends before its last group does.
    n_after
        How many bytes follow its end.
    """

    def __init__(self, limits: Limits, encoding: str | None = None) -> None:
        self.title = ""
        self.is_cut = False
        self.n_after = 0
        self._fonts = Fonts(encoding)
        self._writer = Writer(limits, self._fonts)
        self._notes = Notes(self._writer)
        paragraphs, fields = Paragraphs(self._writer), Fields(self._writer)
        self._words: dict[bytes, Callable[[int | None], None]] = {
            name.encode(): action
            for family in (paragraphs, fields, self._notes)
            for name, action in family.words().items()
        }
        families: list[_Family] = [
            *(paragraphs, fields, self._notes),
            *(Objects(self._writer), Equations(self._writer, limits)),
        ]
        self._destinations: dict[bytes, Callable[[], None]] = {
            **dict.fromkeys((name.encode() for name in _SKIPPED), self._writer.skip),
            **dict.fromkeys((name.encode() for name in _ENTERED), _enter),
            b"info": self._start_information,
            b"title": self._start_title,
            b"upr": self._start_versions,
            b"ud": self._start_version,
            **{
                name.encode(): action
                for family in families
                for name, action in family.destinations().items()
            },
        }
        self._signs = {name.encode(): sign for name, sign in SIGNS.items()}
        self._is_utf8 = False
        self._is_starred = False
        # Whether the present group has begun with something else than what would say what it is.
        self._has_begun = False

    def read(self, content: bytes) -> None:
        """Read a document from its first brace on."""
        self._is_utf8 = not content.isascii() and _is_utf8(content)
        writer, match = self._writer, TOKEN.match
        position = 0
        while position < len(content):
            token = match(content, position)
            assert token is not None  # since any byte matches
            position = token.end()
            kind = token.lastindex
            if kind == TEXT:
                self._meet_text(token[TEXT])
            elif kind in (WORD, NUMBERED_WORD):
                number = None if kind == WORD else number_of(token[NUMBERED_WORD])
                word = token[WORD]
                if word == b"bin":
                    position += max(0, number or 0)
                else:
                    self._meet_word(word, number)
                    if writer.is_skipping:
                        writer.is_skipping = False
                        position = end_of_group(content, position)
            elif kind == HEXES:
                self._meet_bytes(bytes.fromhex(token[HEXES].replace(b"\\'", b"").decode()))
            elif kind == SYMBOL:
                self._meet_symbol(token[SYMBOL])
            elif kind != BRACE:
                continue
            elif token[BRACE] == b"{":
                self._begin_group()
                if writer.state.has_versions and not UNICODE_VERSION.match(content, token.start()):
                    position = end_of_group(content, position)
            else:
                self._end_group()
                if not writer.n_groups:
                    break
        self.is_cut = writer.n_groups > 0 or position > len(content)
        while writer.n_groups:
            writer.end_group()
        self.n_after = _n_shown_bytes(content, position)

    def lines(self) -> Iterator[str]:
        """Give the lines of headers, body, endnotes and footers, once it has been read."""
        for lines in self._notes.headers:
            yield from lines
        yield from self._writer.flow.end()
        yield from self._notes.endnotes
        for lines in self._notes.footers:
            yield from lines

    @property
    def unread(self) -> Counter[str]:
        """How many pictures and so on it holds."""
        return self._writer.unread

    @property
    def doubted(self) -> str | None:
        """The document's code page, where letters of the text would be others in it."""
        return self._fonts.doubted

    @property
    def n_replaced(self) -> int:
        """How many bytes stand for no character."""
        return self._fonts.n_replaced

    def _begin_group(self) -> None:
        self._writer.n_to_skip = 0
        self._writer.begin_group()
        self._is_starred = self._has_begun = False

    def _end_group(self) -> None:
        self._writer.n_to_skip = 0
        self._writer.end_group()
        self._is_starred, self._has_begun = False, True

    def _meet_text(self, content: bytes) -> None:
        if self._is_utf8 and not content.isascii():
            text = content.decode("utf-8")
            n_skipped = self._skipped(len(text))
            self._writer.add_units(text[n_skipped:])
        else:
            self._add_bytes(content)
        self._has_begun = self._has_begun or not content.isspace()

    def _meet_bytes(self, content: bytes) -> None:
        self._add_bytes(content)
        self._has_begun = True

    def _add_bytes(self, content: bytes) -> None:
        n_skipped = self._skipped(len(content))
        if n_skipped < len(content):
            self._writer.add_bytes(content[n_skipped:] if n_skipped else content)

    def _skipped(self, n_characters: int) -> int:
        """Count how many of so many characters only repeat one of Unicode."""
        n_skipped = min(self._writer.n_to_skip, n_characters)
        self._writer.n_to_skip -= n_skipped
        return n_skipped

    def _meet_symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._is_starred = not self._has_begun
        elif symbol in b"\\{}":
            self._meet_bytes(symbol)
        elif symbol in b"\r\n":
            self._writer.n_to_skip = 0
            self._writer.end_line()
        elif symbol in SYMBOLS and not self._skipped(1):
            self._writer.write(SYMBOLS[symbol])
            self._has_begun = True

    def _meet_word(self, word: bytes, number: int | None) -> None:
        sign = self._signs.get(word)
        if sign is not None:
            # Who writes no repetition after a character of Unicode must not lose what parts words.
            if sign in "\t\n" or not self._skipped(1):
                self._writer.n_to_skip = 0
                self._writer.write(sign)
                self._has_begun = True
            return
        action = self._words.get(word)
        if action is not None and not self._is_starred:
            if word != b"u":
                self._writer.n_to_skip = 0
            action(number)
            return
        self._meet_destination(word)

    def _meet_destination(self, word: bytes) -> None:
        """Meet a word that may say what the present group is."""
        destination = self._destinations.get(word)
        is_starred, self._is_starred = self._is_starred, False
        # In the outermost group it would cost the rest of the document. A picture is one even
        # behind a text: its numbers are none.
        if self._writer.n_groups > 1 and (not self._has_begun or word == b"pict"):
            if destination is not None:
                self._writer.flush()
                destination()
                self._has_begun = True
            elif is_starred and word != _STYLE.encode():
                self._writer.skip()

    def _start_information(self) -> None:
        self._writer.state = self._writer.state._replace(sink=NOWHERE, font=_NO_FONT)

    def _start_title(self) -> None:
        title: list[str] = []
        self._writer.collect(title)

        def end() -> None:
            self.title = self.title or "".join(title).strip()

        self._writer.at_end(end)

    def _start_versions(self) -> None:
        self._writer.state = self._writer.state._replace(has_versions=True)

    def _start_version(self) -> None:
        self._writer.state = self._writer.state._replace(has_versions=False)


def _enter() -> None:
    """Go on in a group as in what is around it."""


def _n_shown_bytes(content: bytes, position: int) -> int:
    """Count the bytes from a place on, if anything of them could be a text."""
    while (group := _UNSEEN_GROUP.match(content, position)) is not None:
        position = min(end_of_group(content, group.end()) + 1, len(content))
    return len(content) - position if _NOTHING.sub(b"", content[position:]) else 0


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeError:
        return False
    return True
