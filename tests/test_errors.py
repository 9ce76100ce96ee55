from __future__ import annotations

import inspect
import pickle

import pytest

from vectorlong import errors

ARGUMENTS = {
    "OptionError": ("mode", "fuzzy", ["vector", "lexical"], "Or leave it out."),
    "MissingExtraError": ("Reading PDF", "pdf"),
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_reach_the_caller_out_of_another_process(kind: type[Exception]) -> None:
    error = kind(*ARGUMENTS.get(kind.__name__, ("What, why, and the way out.",)))
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is kind
    assert str(copied) == str(error)
    assert len(str(error)) > 10


def test_there_are_errors() -> None:
    assert len(KINDS) >= 15
