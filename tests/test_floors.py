"""The floors of docs/architecture.md: imports go down, and light doors stay light."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vectorlong

PACKAGE = Path(vectorlong.__file__).parent
FLOORS = {
    "errors": 0,
    "forks": 0,
    "disk": 0,
    "dropped_tokens": 0,
    "progress": 0,
    "streams": 0,
    "user_cache": 0,
    "checks": 1,
    "extras": 1,
    "fields": 1,
    "documents": 1,
    "vectors": 1,
    "attention": 2,
    "text": 2,
    "vector_cache": 2,
    "vector_index": 2,
    "files": 2,
    "lexical": 2,
    "pooling": 2,
    "postprocess": 2,
    "encoder": 3,
    "retrieval": 3,
    "longformer2vec": 4,
    "tasks": 4,
    "classify": 5,
    "integrations": 5,
    "distributed": 5,
    "server": 5,
    "training": 6,
    "cli": 7,
}
# What few need, each with packages of its own.
WINGS = {"tasks", "training", "integrations", "distributed", "server"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "vectorlong" and len(parts) > 1:
                rooms.add(parts[1])
    return rooms - {"__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    room = room_of(path)
    for imported in imported_rooms(path) - {room}:
        assert FLOORS[imported] < FLOORS[room], f"{room} must not import {imported}"


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted(sys.modules), sep='\\n')"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("statement", ["import vectorlong", "from vectorlong import VectorIndex"])
def test_light_doors_load_no_torch(statement):
    assert not loaded_by(statement) & {"torch", "transformers"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "2000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, "None")],
)
def test_threads_that_wait_sleep_soon_unless_the_user_says_otherwise(given, expected):
    code = "import vectorlong, os; print(os.environ.get('GOMP_SPINCOUNT'))"
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == expected


def test_the_core_loads_no_wing():
    rooms = "from vectorlong import DocumentIndex, Longformer2Vec, VectorIndex"
    loaded = loaded_by(f"{rooms}\nimport vectorlong.classify, vectorlong.cli.app")
    assert "vectorlong.encoder.model" in loaded
    # Of what can be trained the command line's help has the list, which is all that it loads.
    loaded -= {"vectorlong.training", "vectorlong.training.recipes"}
    assert not {name.split(".")[1] for name in loaded if name.startswith("vectorlong.")} & WINGS
    # transformers itself loads the package `accelerate` where that is installed.
    heavy = {"sentence_transformers", "datasets", "jieba", "matplotlib", "fastapi", "ray"}
    assert not loaded & (heavy | {"pymilvus"})


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'Longformer3Vec'"):
        vectorlong.Longformer3Vec  # noqa: B018


def test_every_public_name_exists():
    for name in vectorlong.__all__:
        assert getattr(vectorlong, name) is not None
