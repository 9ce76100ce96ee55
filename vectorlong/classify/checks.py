"""What the caller passed as documents and labels, checked once before anything is encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from vectorlong.checks import is_missing
from vectorlong.errors import InputTypeError, InputValueError, shown
from vectorlong.text.check import check_container, check_texts

_LABEL_TYPES = (str, int, float, np.bool_, np.integer, np.floating)


def check_documents(documents: Any, name: str) -> list[str]:
    """Return documents as a list of texts, none of them empty.

    Parameters
    ----------
    documents
        A list, tuple, one-dimensional array or Series of ``str``.
    name
        What the caller calls them; used in messages.

    Raises
    ------
    InputTypeError
        A single text was passed, or something that is no collection of texts.
    InputValueError
        A text is empty or white space only: its vector would be the same for every class.
    """
    if isinstance(documents, str):
        raise InputTypeError(f"{name} is a single text; pass a list, if need be of one: [{name}].")
    check_container(documents, name)
    items = list(documents)
    missing = [position for position, item in enumerate(items) if is_missing(item)]
    if missing:
        value = items[missing[0]]
        kind = "" if value is None else f" ({type(value).__name__})"
        raise InputTypeError(
            f"{name}[{missing[0]}] is {shown(value)}{kind}, not a text. Leave missing texts out "
            f"(here {len(missing)} of {len(items)}), together with their labels."
        )
    texts = check_texts(items, name)
    empty = [position for position, text in enumerate(texts) if not text.strip()]
    if empty:
        raise InputValueError(
            f"{name}[{empty[0]}] is {texts[empty[0]][:20]!r}: empty texts (here {len(empty)} of "
            f"{len(texts)}) say nothing of a class. Leave them out, together with their labels."
        )
    return texts


def check_labels(labels: Any, n_documents: int, name: str) -> np.ndarray:
    """Return labels [n] for training: one a document, none missing.

    Parameters
    ----------
    labels
        Whatever the caller passed.
    n_documents
        How many there have to be, n.
    name
        What the caller calls them; used in messages.

    Raises
    ------
    InputTypeError
        They are no list of labels, a label is no text or number, or texts mix with numbers.
    InputValueError
        A label is missing, or there are more or fewer labels than documents.
    ValueError
        scikit-learn: the labels are continuous numbers.
    """
    if isinstance(labels, str | Mapping | Set) or not isinstance(labels, Iterable):
        raise InputTypeError(f"{name} is {shown(labels)}; pass a list with one label a text.")
    if hasattr(labels, "columns"):
        raise InputTypeError(
            f"{name} is a table with the columns {list(labels.columns)}; pass one of them: "
            f"{name}['column']."
        )
    values = list(labels)
    if len(values) != n_documents:
        raise InputValueError(
            f"There are {n_documents} texts and {len(values)} labels in {name}; pass one label a "
            "text."
        )
    check_none_missing(values, name)
    for position, value in enumerate(values):
        if not isinstance(value, _LABEL_TYPES):
            raise InputTypeError(
                f"{name}[{position}] is {shown(value)} ({type(value).__name__}); a label is "
                "a text, a whole number or a bool, one for each text. Pass one column of a table, "
                f"and write other values as texts: [str(label) for label in {name}]."
            )
    is_text = [isinstance(value, str) for value in values]
    if any(is_text) and not all(is_text):
        position = is_text.index(not is_text[0])
        raise InputTypeError(
            f"{name}[{position}] is {shown(values[position])} "
            f"({type(values[position]).__name__}) and {name}[0] is {shown(values[0])}. Use one "
            f"type for all labels: [str(label) for label in {name}]."
        )
    array = np.asarray(values)
    check_classification_targets(array)
    return array


def check_none_missing(labels: Any, name: str) -> None:
    """Refuse None, NaN and their like among labels, which NumPy would make the text "nan" of.

    Parameters
    ----------
    labels
        Whatever the caller passed; what is no list of labels is left to scikit-learn.
    name
        What the caller calls them; used in messages.

    Raises
    ------
    InputValueError
        The message names the first and counts all.
    """
    if (
        isinstance(labels, str)
        or not isinstance(labels, Iterable)
        or getattr(labels, "ndim", 1) == 0
    ):
        return
    values = list(labels)
    missing = [position for position, value in enumerate(values) if is_missing(value)]
    if missing:
        raise InputValueError(
            f"{name}[{missing[0]}] is {shown(values[missing[0]])} ({len(missing)} of {len(values)} "
            "labels are missing). Leave these out, or label them."
        )


def check_known(labels: Any, classes: np.ndarray) -> None:
    """Refuse to score against labels that the classifier has never seen.

    Raises
    ------
    InputValueError
        The message lists the unknown labels and the known classes.
    """
    known = set(classes.tolist())
    unknown = {str(label): label for label in np.asarray(labels).tolist() if label not in known}
    if unknown:
        raise InputValueError(
            f"Labels {list(unknown.values())[:5]} were not seen in training; the classes are "
            f"{classes.tolist()}. Score texts of known classes, or train again with these labels."
        )
