"""What the styles of an OpenDocument file hide, and which pages they begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vectorlong.files.opendocument.names import Attributes, attribute

_Name = tuple[str, str]  # family and name
_MAX_PARENTS = 100


@dataclass
class Style:
    """A style.

    Attributes
    ----------
    parent
        Whose properties it has where it has none of its own.
    master
        The kind of pages that it begins; empty where it begins none.
    is_hidden
        Whether it hides text; None where it does not say.
    """

    parent: _Name
    master: str
    is_hidden: bool | None = None


class Styles:
    """The styles that a part of a document can use.

    Parameters
    ----------
    common
        Those of the whole document; a part's own go before them.
    """

    def __init__(self, common: dict[_Name, Style] | None = None) -> None:
        self.common: dict[_Name, Style] = {} if common is None else common
        self._own: dict[_Name, Style] = {}
        self._open: Style | None = None
        self._is_own = False
        self._are_hidden: dict[_Name, bool] = {}

    def start_own(self, _: Attributes) -> None:
        """Meet the part's own styles from here on."""
        self._is_own = True

    def end_own(self) -> None:
        """Meet the document's."""
        self._is_own = False

    def start(self, attributes: Attributes) -> None:
        """Meet a style."""
        family = attribute(attributes, "style:family")
        self._open = Style(
            (family, attribute(attributes, "style:parent-style-name")),
            attribute(attributes, "style:master-page-name"),
        )
        styles = self._own if self._is_own else self.common
        styles[family, attribute(attributes, "style:name")] = self._open

    def end(self) -> None:
        """Leave it."""
        self._open = None

    def set_text(self, attributes: Attributes) -> None:
        """Meet what it makes of text."""
        display = attribute(attributes, "text:display")
        if self._open is not None and display:
            self._open.is_hidden = display == "none"

    def is_hidden(self, family: str, name: str) -> bool:
        """Whether text in a style is hidden."""
        met: list[_Name] = []
        result = False
        for key, style in self._lineage((family, name)):
            if key in self._are_hidden:
                result = self._are_hidden[key]
                break
            met.append(key)
            if style.is_hidden is not None:
                result = style.is_hidden
                break
        self._are_hidden.update(dict.fromkeys(met, result))
        return result

    def master(self, family: str, name: str) -> str:
        """Give the kind of pages that a style begins; empty where it begins none."""
        return next((it.master for _, it in self._lineage((family, name)) if it.master), "")

    def _lineage(self, key: _Name) -> Iterator[tuple[_Name, Style]]:
        """Give a style and those that it is made of, each once."""
        met: set[_Name] = set()
        while key not in met and len(met) < _MAX_PARENTS:
            met.add(key)
            style = self._own.get(key) or self.common.get(key)
            if style is None:
                return
            yield key, style
            key = style.parent
