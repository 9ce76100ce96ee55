"""``vectorlong classify``: learn classes from a table, then tell them of files."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vectorlong.cli.index import (
    EncodingOption,
    IdColumnOption,
    PathsArgument,
    TextColumnOption,
    document_groups,
    first_drawn,
)
from vectorlong.cli.limits import LimitOption, parse_limits
from vectorlong.cli.models import ModelOption, build_encoder
from vectorlong.cli.output import (
    JsonOption,
    add_command,
    counted,
    escaped,
    files_as_json,
    print_json,
    report_files,
    require_folder_of,
    results_console,
    say,
)
from vectorlong.dropped_tokens import said_once
from vectorlong.user_cache import MAX_VECTORS_BYTES

if TYPE_CHECKING:
    import numpy as np

    from vectorlong.classify import DocumentClassifier
    from vectorlong.documents import Document
    from vectorlong.files.source import FileSource

_HELD_OUT_SHARE = 0.2
# Two of every class to learn from and to calibrate on, one to test on.
_MIN_MEMBERS = 3
MaxCacheBytesOption = Annotated[
    int,
    typer.Option(
        "--max-cache-bytes",
        min=1,
        help="What vectors kept on disk may take; those used longest ago go first. See vectorlong "
        "cache.",
    ),
]
# A wider confusion matrix does not fit a terminal; then the commonest confusions are listed.
_MAX_MATRIX = 12
_MAX_CONFUSIONS = 10

classify_app = typer.Typer(
    help="Learn classes from a table of texts and labels, and tell them of other texts.",
    no_args_is_help=True,
)


def train_command(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="A .csv, .tsv, .jsonl or .json file.", show_default=False
        ),
    ],
    text: Annotated[str, typer.Option(metavar="COLUMN", help="Column that is the text.")],
    label: Annotated[str, typer.Option(metavar="COLUMN", help="Column that is the class.")],
    into: Annotated[Path, typer.Option(metavar="MODEL", help="File to write.")],
    model: ModelOption = None,
    encoding: EncodingOption = None,
    limit: LimitOption = None,
    max_cache_bytes: MaxCacheBytesOption = MAX_VECTORS_BYTES,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier, and say how well it does on a fifth of the texts held out.

    The classifier that is written was then trained on all texts.
    """
    from vectorlong.extras import import_extra
    from vectorlong.files.records import Columns
    from vectorlong.files.source import FileSource

    _check_model_file(into)
    import_extra("skops")  # which saving needs, after all the work
    source = FileSource([data], Columns(text), limits=parse_limits(limit), encoding=encoding)
    texts, labels = _labelled_texts(source, label)
    from vectorlong.classify import DocumentClassifier, LongformerVectorizer

    # The encoder and not its name, so that the file keeps each of its options.
    vectorizer = LongformerVectorizer(build_encoder(model), max_cache_bytes=max_cache_bytes)
    n_classes = len(set(labels))
    say(f"Encoding {counted(len(texts), 'text')} of {counted(n_classes, 'class', 'classes')} ...")
    expected, predicted = _held_out(DocumentClassifier(vectorizer), texts, labels)
    # Encodes nothing again: vectors are kept on disk.
    DocumentClassifier(vectorizer).fit(texts, labels).save(into)
    report = _report(expected, predicted)
    if as_json:
        print_json(
            {
                "model_file": str(into),
                "n_texts": len(texts),
                "held_out": report,
                **files_as_json(source),
            }
        )
        return
    _print_report(report)
    typer.echo(f"\nTrained on all {len(texts):,} texts and wrote {into}")
    report_files(source)
    say(f"Use it: vectorlong classify predict {into} PATHS")


def _check_model_file(into: Path) -> None:
    from vectorlong.errors import InputValueError

    if os.path.isdir(into):  # Path.is_dir raises where a name is too long
        raise InputValueError(f"--into {str(into)!r} is a folder; name a file.")
    require_folder_of("--into", into)


def _labelled_texts(source: FileSource, label: str) -> tuple[list[str], list[Any]]:
    """Read the texts that have a label.

    Raises
    ------
    InputValueError
        No row has a label in the column, a label is a list or an object, or a class has too few
        texts.
    """
    from vectorlong.errors import InputValueError

    texts: list[str] = []
    labels: list[Any] = []
    columns: set[str] = set()
    n_unlabelled = 0
    for document in first_drawn(source):
        columns.update(document.metadata)
        value = _cell(document, label)
        if value is None or value == "":
            n_unlabelled += 1
        else:
            texts.append(document.text)
            labels.append(value)
    if not texts:
        known = ", ".join(sorted(columns - {"file", label})) or "none"
        raise InputValueError(f"No text has a label in column {label!r}. Other columns: {known}.")
    if n_unlabelled:
        say(f"Left out {counted(n_unlabelled, 'text')} without a label.")
    labels = _of_one_type(labels)
    for value, n_members in sorted(Counter(labels).items(), key=lambda item: item[1]):
        if n_members < _MIN_MEMBERS:
            raise InputValueError(
                f"Class {value!r} has {counted(n_members, 'text')}; at least {_MIN_MEMBERS} are "
                "needed to learn from some and test on others. Add texts, or leave the class out."
            )
    return texts, labels


def _cell(document: Document, column: str) -> Any:
    """Give what a row has in a column, even in one called as the facts about the file are.

    Raises
    ------
    InputValueError
        It is a list or an object.
    """
    from vectorlong.errors import InputValueError

    metadata = document.metadata
    value = metadata["file"].get("column") if column == "file" else metadata.get(column)
    if isinstance(value, list | dict):
        raise InputValueError(
            f"The label of {document.id!r} in column {column!r} is {value!r}; a label is a text, a "
            "number or true or false, and each text has one. Write one label a row."
        )
    return value


def _of_one_type(labels: list[Any]) -> list[Any]:
    """Take all labels as strings where they mix with numbers, as cells of a table do."""
    kinds = {type(value) for value in labels}
    return labels if kinds <= {int} or kinds <= {bool} else [str(value) for value in labels]


def _held_out(
    classifier: DocumentClassifier, texts: Sequence[str], labels: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Train on four fifths; give the labels of the rest and what was predicted for it."""
    from sklearn.model_selection import train_test_split

    train_texts, test_texts, train_labels, test_labels = train_test_split(
        texts,
        labels,
        test_size=max(math.ceil(_HELD_OUT_SHARE * len(texts)), len(set(labels))),
        stratify=labels,
        random_state=0,
    )
    classifier.fit(train_texts, train_labels)
    return test_labels, classifier.predict(test_texts).tolist()


def _report(expected: list[Any], predicted: list[Any]) -> dict[str, Any]:
    """Figures in plain values."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    classes = sorted(set(expected) | set(predicted))
    precision, recall, f1, support = precision_recall_fscore_support(
        expected, predicted, labels=classes, zero_division=0.0
    )  # [c] each
    matrix: np.ndarray = confusion_matrix(expected, predicted, labels=classes)  # [c, c]
    return {
        "n_texts": len(expected),
        "accuracy": float(matrix.trace() / matrix.sum()),
        "macro_f1": float(f1.mean()),
        "classes": [
            {
                "label": name,
                "precision": float(precision[number]),
                "recall": float(recall[number]),
                "f1": float(f1[number]),
                "n_texts": int(support[number]),
            }
            for number, name in enumerate(classes)
        ],
        "confusion": matrix.tolist(),
    }


def _print_report(report: dict[str, Any]) -> None:
    from rich.table import Table

    console = results_console()
    typer.echo(
        f"On {report['n_texts']:,} texts held out: accuracy {report['accuracy']:.3f}, "
        f"macro F1 {report['macro_f1']:.3f}\n"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("")
    for heading in ("Class", "Precision", "Recall", "F1", "Texts"):
        table.add_column(heading, justify="left" if heading == "Class" else "right")
    for number, one in enumerate(report["classes"], start=1):
        figures = (f"{one[name]:.3f}" for name in ("precision", "recall", "f1"))
        table.add_row(str(number), escaped(str(one["label"])), *figures, f"{one['n_texts']:,}")
    console.print(table)
    console.print()
    if len(report["classes"]) <= _MAX_MATRIX:
        _print_matrix(report)
    else:
        _print_confusions(report)


def _print_matrix(report: dict[str, Any]) -> None:
    from rich.table import Table

    typer.echo("Rows: true; columns: predicted")
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("")
    table.add_column("")
    for number in range(1, len(report["classes"]) + 1):
        table.add_column(str(number), justify="right")
    for number, row in enumerate(report["confusion"], start=1):
        name = escaped(str(report["classes"][number - 1]["label"]))
        table.add_row(str(number), name, *(str(count) if count else "." for count in row))
    results_console().print(table)


def _print_confusions(report: dict[str, Any]) -> None:
    names = [escaped(str(one["label"])) for one in report["classes"]]
    confusions = [
        (count, names[row], names[column])
        for row, counts in enumerate(report["confusion"])
        for column, count in enumerate(counts)
        if count and row != column
    ]
    typer.echo("Taken for another most often (--json has the whole matrix):")
    for count, true, taken_for in sorted(confusions, reverse=True)[:_MAX_CONFUSIONS]:
        typer.echo(f"  {true} for {taken_for}: {count}")


def predict_command(
    model_file: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="What `vectorlong classify train` wrote.", show_default=False
        ),
    ],
    paths: PathsArgument,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    encoding: EncodingOption = None,
    limit: LimitOption = None,
    max_cache_bytes: MaxCacheBytesOption = MAX_VECTORS_BYTES,
    as_json: JsonOption = False,
) -> None:
    """Tell the class of every document in files and folders."""
    from vectorlong.extras import import_extra
    from vectorlong.files.records import Columns
    from vectorlong.files.source import FileSource

    import_extra("skops")
    columns = Columns(text_column, id_column)
    source = FileSource(paths, columns, limits=parse_limits(limit), encoding=encoding)
    documents = first_drawn(source)
    from vectorlong.classify import DocumentClassifier

    classifier = DocumentClassifier.load(model_file)
    classifier.vectorizer_.set_params(max_cache_bytes=max_cache_bytes)
    predictions: list[dict[str, Any]] = []
    with said_once():
        for group in document_groups(documents):
            found = _predict(classifier, [document.text for document in group])
            predictions.extend(
                {"id": document.id, **one} for document, one in zip(group, found, strict=True)
            )
    if as_json:
        print_json({"predictions": predictions, **files_as_json(source)})
        return
    _print_predictions(predictions)
    report_files(source)


def _predict(classifier: DocumentClassifier, texts: list[str]) -> list[dict[str, Any]]:
    """Class of every text, and the probability of each class where the model has them."""
    if not classifier.calibrate:
        return [{"label": label} for label in classifier.predict(texts).tolist()]
    classes = classifier.classes_.tolist()
    probabilities = classifier.predict_proba(texts)  # [n, c]
    return [
        {
            "label": classes[int(row.argmax())],
            "probabilities": dict(zip(map(str, classes), row.tolist(), strict=True)),
        }
        for row in probabilities
    ]


def _print_predictions(predictions: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("Document", overflow="fold")
    table.add_column("Class", style="bold", overflow="fold")
    table.add_column("Probability", justify="right")
    for one in predictions:
        label = str(one["label"])
        probability = f"{one['probabilities'][label]:.3f}" if "probabilities" in one else ""
        table.add_row(escaped(one["id"]), escaped(label), probability)
    results_console().print(table)


add_command(classify_app, train_command)
add_command(classify_app, predict_command)
