"""The file that says what is trained: TOML, checked key by key.

The example that ``vectorlong train TASK --example`` writes is made from the same sections. Nothing
about any one task belongs here.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from vectorlong.disk import read_small
from vectorlong.errors import ConfigError, shown
from vectorlong.training.sections import Help, RunConfig

_MAX_BYTES = 1 << 20

ConfigT = TypeVar("ConfigT", bound=RunConfig)


def read_config(
    kind: type[ConfigT],
    path: Path,
    settings: Sequence[str] = (),
    presets: Mapping[str, Mapping[str, Any]] | None = None,
) -> ConfigT:
    """Read a file and check every key.

    Parameters
    ----------
    kind
        The task's configuration.
    path
        The file.
    settings
        ``section.key=value`` in place of what the file says; values as TOML writes them.
    presets
        The task's named values.

    Raises
    ------
    ConfigError
        The file cannot be read or is no TOML, or a key is unknown, missing or wrong; the message
        names the key, the file and the line.
    """
    try:
        text = read_small(path, _MAX_BYTES).decode("utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(
            f"There is no file {str(path)!r}. `vectorlong train TASK --example` writes one."
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as TOML in UTF-8: {error}") from error
    return _Reader(kind, text, str(path)).read(content, settings, presets or {})


def example_config(kind: type[RunConfig], presets: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a file with every key, its default and what it is for."""
    lines: list[str] = []
    sections = []
    for each, hint in _keys(kind):
        if dataclasses.is_dataclass(hint):
            sections.append((each.name, hint))
        elif each.name != "preset" or presets:
            names = f" One of: {', '.join(presets)}." if each.name == "preset" else ""
            lines += _example_lines(each, hint, names)
    # How long it is trained comes last, after what is trained and on what.
    for name, section in sorted(sections, key=lambda each: each[0] == "training"):
        lines.append(f"[{name}]")
        for each, hint in _keys(section):
            lines += _example_lines(each, hint)
    return "\n".join(lines)


def _keys(kind: Any) -> list[tuple[dataclasses.Field[Any], Any]]:
    """Give the fields of a configuration or a section, and their types with what they are for."""
    hints = get_type_hints(kind, include_extras=True)
    return [(each, hints[each.name]) for each in dataclasses.fields(kind)]


def _example_lines(each: dataclasses.Field[Any], hint: Any, more: str = "") -> Iterator[str]:
    (about,) = (part for part in get_args(hint) if isinstance(part, Help))
    yield from (f"# {line}" for line in f"{about.text}{more}".split("\n"))
    default = each.default
    if each.default_factory is not MISSING:
        default = each.default_factory()
    if default is MISSING:
        yield f"{each.name} = {_toml(about.example)}"
    elif default is None:
        example = "..." if about.example is None else _toml(about.example)
        yield f"# {each.name} = {example}"
    else:
        yield f"{each.name} = {_toml(default)}"
    yield ""


def _toml(value: object) -> str:
    # JSON's strings, numbers, lists and booleans are TOML's.
    return json.dumps(value, ensure_ascii=False)


class _Reader:
    """Reads one file."""

    def __init__(self, kind: type[Any], text: str, path: str) -> None:
        self._kind, self._text, self._path = kind, text, path
        self._set: dict[tuple[str, ...], str] = {}

    def read(
        self,
        content: dict[str, Any],
        settings: Sequence[str],
        presets: Mapping[str, Mapping[str, Any]],
    ) -> Any:
        for setting in settings:
            self._take_setting(content, setting)
        self._check_names(content, self._kind, ())
        preset = content.get("preset")
        if preset is not None and preset not in presets:
            listed = ", ".join(map(repr, presets)) or "none"
            self._refuse(("preset",), f"{shown(preset)} is not known. Valid values: {listed}.")
        if preset is not None:
            content = _merged(presets[preset], content)
        try:
            return _checked(self._kind, content)
        except ValidationError as error:
            finding = error.errors(include_url=False)[0]
            place = tuple(str(part) for part in finding["loc"])
            known = tuple(self._known_part(place))
            if finding["type"] == "missing":
                self._refuse(place[:-1], f"the key {'.'.join(place)} is missing.")
            message = finding["msg"].removeprefix("Value error, ")
            self._refuse(known, f"{shown(finding['input'])}: {message}.")

    def _take_setting(self, content: dict[str, Any], setting: str) -> None:
        name, equals, value = setting.partition("=")
        place = tuple(part.strip() for part in name.split("."))
        if not equals or not all(place):
            raise ConfigError(f"--set {setting!r}: write it as section.key=value.")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value.strip()  # a string without its quotes
        self._set[place] = setting
        inner = content
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"--set {setting!r}: {part} is no section.")
        inner[place[-1]] = parsed

    def _check_names(self, content: Mapping[str, Any], kind: Any, place: tuple[str, ...]) -> None:
        hints = get_type_hints(kind)
        names = [each.name for each in dataclasses.fields(kind)]
        for name, value in content.items():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(names)}."
                self._refuse((*place, name), f"the key is not known. {hint}")
            if dataclasses.is_dataclass(hints[name]):
                if not isinstance(value, dict):
                    self._refuse((*place, name), f"{shown(value)} is no section: [{name}].")
                self._check_names(value, hints[name], (*place, name))

    def _known_part(self, place: Sequence[str]) -> Iterator[str]:
        """Leave out of a place what is no key: the numbers in lists, the types of a union."""
        kind: Any = self._kind
        for part in place:
            if not dataclasses.is_dataclass(kind):
                return
            yield part
            kind = get_type_hints(kind)[part]

    def _refuse(self, place: tuple[str, ...], reason: str) -> NoReturn:
        if place in self._set:
            raise ConfigError(f"--set {self._set[place]!r}: {reason}")
        line = _line_of(self._text, place)
        where = self._path if line is None else f"{self._path}, line {line}"
        key = f"{'.'.join(place)}: " if place else ""
        raise ConfigError(f"{where}: {key}{reason}")


def _checked(kind: type[Any], content: Mapping[str, Any]) -> Any:
    # As JSON, because strict values of Python would have to be dataclasses already.
    return TypeAdapter(kind).validate_json(json.dumps(content, default=str), strict=True)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        inner = merged.get(name)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(inner, value) if both and inner is not None else value
    return merged


def _line_of(text: str, place: tuple[str, ...]) -> int | None:
    """Find the line on which a key is given, or its section begins; tomllib does not tell."""
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = tuple(part.strip(" \"'") for part in header[1].split("."))
            if section == place:
                return number
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            name = tuple(part.strip("\"'") for part in key[1].split("."))
            if (*section, *name) == place:
                return number
    return None


def flat_config(config: Any) -> dict[str, Any]:
    """Give every key with its value: ``{"training.seed": 0, ...}``.

    Examples
    --------
    >>> flat_config(RunConfig(output="run"))["training.seed"]
    0
    """

    def walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:
        for each in dataclasses.fields(value):
            inner = getattr(value, each.name)
            if dataclasses.is_dataclass(inner):
                yield from walk(inner, f"{place}{each.name}.")
            else:
                yield f"{place}{each.name}", inner

    return dict(walk(config, ""))
