"""The ``where`` grammar: conditions on metadata, checked and compiled to parametrised SQL.

Values and field paths are always bound parameters; the SQL text is built from constants only.

Grammar
-------
``{"field": value}`` is equality; several fields in one mapping must all hold. A value is a string,
a number, True, False or None. ``{"field": {operator: operand}}`` with

=============================  ====================================================================
``$eq``, ``$ne``               equal, not equal (a document without the field is "not equal")
``$in``, ``$nin``              one of a list, none of a list
``$gt $gte $lt $lte``          ranges, over numbers or over strings (by code point), never across
``$exists``                    True: the field is there (null counts), False: it is not
=============================  ====================================================================

``{"$and": [...]}``, ``{"$or": [...]}``, ``{"$not": {...}}`` combine filters. A dot descends:
``"author.name"``; a field whose own name has a dot is found first. Where a field holds a list,
equality, membership and ranges hold if they hold for one of its elements. Of a stored string,
what comes before a NUL is compared.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from vectorlong.checks import is_unicode
from vectorlong.errors import FilterError, shown

_COMPARISONS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_FIELD_OPERATORS = ("$eq", "$ne", "$in", "$nin", *_COMPARISONS, "$exists")
_COMBINERS = ("$and", "$or", "$not")
_VALID = f"Valid operators on a field: {', '.join(_FIELD_OPERATORS)}; "
_VALID += f"between filters: {', '.join(_COMBINERS)}."
_MAX_DEPTH = 32
_LEAST_INTEGER, _GREATEST_INTEGER = -(2**63), 2**63 - 1


def compile_filter(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Compile a filter to an SQL condition over a column ``metadata`` and its parameters.

    Parameters
    ----------
    where
        The filter, as the module's docstring describes.

    Returns
    -------
    tuple of str and list
        The condition, always 0 or 1, never NULL; and the values to bind.

    Raises
    ------
    FilterError
        The filter is malformed or uses an unknown operator; the message lists the valid ones.

    Examples
    --------
    >>> compile_filter({"year": {"$exists": True}})
    ('((json_type(metadata, ?) IS NOT NULL))', ['$."year"'])
    """
    return _compile(where, _MAX_DEPTH)


def _compile(where: object, depth: int) -> tuple[str, list[Any]]:
    if not isinstance(where, Mapping):
        raise FilterError(f"A filter must be a mapping of fields, not {shown(where)}. {_VALID}")
    if depth == 0:
        raise FilterError(f"The filter is nested more than {_MAX_DEPTH} deep; flatten it.")
    conditions: list[str] = []
    parameters: list[Any] = []
    for name, operand in where.items():
        if not isinstance(name, str):
            raise FilterError(f"Field names must be strings, not {shown(name)}.")
        if name.startswith("$"):
            condition, values = _combine(name, operand, depth)
        else:
            condition, values = _field(name, operand)
        conditions.append(condition)
        parameters.extend(values)
    return f"({' AND '.join(conditions)})" if conditions else "(1)", parameters


def _combine(operator: str, operand: object, depth: int) -> tuple[str, list[Any]]:
    """``$and``, ``$or`` and ``$not``."""
    if operator not in _COMBINERS:
        raise FilterError(f"Unknown operator {shown(operator)}. {_VALID}")
    if operator == "$not":
        condition, parameters = _compile(operand, depth - 1)
        return f"(NOT {condition})", parameters
    if isinstance(operand, str) or not isinstance(operand, Sequence) or not operand:
        raise FilterError(
            f"{operator} takes a list of filters with at least one, not {shown(operand)}."
        )
    parts = [_compile(part, depth - 1) for part in operand]
    joiner = " AND " if operator == "$and" else " OR "
    return (
        f"({joiner.join(condition for condition, _ in parts)})",
        [value for _, values in parts for value in values],
    )


def _field(name: str, operand: object) -> tuple[str, list[Any]]:
    """Every condition on one field."""
    if not isinstance(operand, Mapping):
        operand = {"$eq": operand}
    if not operand:
        raise FilterError(f"The condition on {name!r} is empty. {_VALID}")
    conditions: list[str] = []
    parameters: list[Any] = []
    for operator, value in operand.items():
        condition, values = _condition(name, operator, value)
        conditions.append(condition)
        parameters.extend(values)
    return f"({' AND '.join(conditions)})", parameters


def _condition(name: str, operator: object, value: Any) -> tuple[str, list[Any]]:
    paths = _paths(name)
    if operator == "$exists":
        if not isinstance(value, bool):
            raise FilterError(f"$exists on {name!r} takes True or False, not {shown(value)}.")
        there = " OR ".join("json_type(metadata, ?) IS NOT NULL" for _ in paths)
        return (there if value else f"NOT ({there})"), paths
    if operator in ("$eq", "$ne"):
        test, values = _equals(name, value)
    elif operator in ("$in", "$nin"):
        test, values = _one_of(name, str(operator), value)
    elif operator in _COMPARISONS:
        kinds, bound = _comparable(name, str(operator), value)
        test, values = f"type IN ({kinds}) AND atom {_COMPARISONS[str(operator)]} ?", [bound]
    else:
        raise FilterError(f"Unknown operator {shown(operator)} on {name!r}. {_VALID}")
    negated = "NOT " if operator in ("$ne", "$nin") else ""
    # json_each yields one row for a scalar and one an element for a list; an object's own members
    # must not count as its value, so the parent has to be an array or the scalar itself.
    one_path = (
        f"EXISTS (SELECT 1 FROM json_each(metadata, ?) WHERE ({test}) "
        "AND json_type(metadata, ?) <> 'object')"
    )
    bound_values = [part for path in paths for part in (path, *values, path)]
    return f"{negated}({' OR '.join([one_path] * len(paths))})", bound_values


def _paths(name: str) -> list[str]:
    """JSON paths that a field name may mean: its literal self, then the descent at its dots."""
    if not name or '"' in name or "\\" in name or "\x00" in name or not is_unicode(name):
        raise FilterError(
            f"The field name {name!r} cannot be asked for: it must not be empty and must hold no "
            "double quote, backslash, NUL or lone surrogate."
        )
    literal = f"$.{_label(name)}"
    if "." not in name.strip("."):
        return [literal]
    return [literal, "$" + "".join(f".{_label(part)}" for part in name.split("."))]


def _label(name: str) -> str:
    """Write a name in a JSON path as JSON writes it, line ends and tabs as escapes."""
    return json.dumps(name, ensure_ascii=False)


def _equals(name: str, value: Any) -> tuple[str, list[Any]]:
    """Return a test of one JSON value (columns ``type`` and ``atom``) for equality."""
    if value is None:
        return "type = 'null'", []
    if isinstance(value, bool):
        return ("type = 'true'" if value else "type = 'false'"), []
    kinds, bound = _comparable(name, "$eq", value)
    return f"type IN ({kinds}) AND atom = ?", [bound]


def _one_of(name: str, operator: str, values: Any) -> tuple[str, list[Any]]:
    if isinstance(values, str | Mapping) or not hasattr(values, "__iter__"):
        raise FilterError(f"{operator} on {name!r} takes a list of values, not {shown(values)}.")
    tests: list[str] = []
    parameters: list[Any] = []
    by_kind: dict[str, list[Any]] = {}
    for value in values:
        if value is None or isinstance(value, bool):
            test = _equals(name, value)[0]
            if test not in tests:
                tests.append(test)
        else:
            kinds, bound = _comparable(name, operator, value)
            by_kind.setdefault(kinds, []).append(bound)
    for kinds, bounds in by_kind.items():
        # One parameter however long the list, because SQLite limits their number.
        tests.append(f"type IN ({kinds}) AND atom IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(bounds))
    return (" OR ".join(f"({test})" for test in tests) or "0"), parameters


def _comparable(name: str, operator: str, value: Any) -> tuple[str, Any]:
    """Return the JSON types a value compares with, and the value ready to be bound."""
    # The values of enumerations and of other subclasses count, not what they print.
    if isinstance(value, str):
        text = str.__str__(value)
        if not is_unicode(text):
            raise FilterError(f"The value {shown(value)} of {name!r} is not valid Unicode.")
        if "\x00" in text:  # of which SQLite's JSON reads what comes before
            raise FilterError(f"The value {shown(value)} of {name!r} must not hold a NUL.")
        return "'text'", text
    if isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
        if not _LEAST_INTEGER <= number <= _GREATEST_INTEGER:
            raise FilterError(f"{shown(value)} on {name!r} is beyond 64-bit integers.")
        return "'integer', 'real'", number
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FilterError(f"{operator} on {name!r} needs a finite number, not {value!r}.")
        return "'integer', 'real'", float(value)
    raise FilterError(
        f"{operator} on {name!r} takes a string or a number (equality also True, False or None), "
        f"not {shown(value)}."
    )
