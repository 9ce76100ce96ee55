"""Libraries in C that stand between a process and the system: compiled where that is possible."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent


def compiled(name: str, folder: Path) -> Path:
    """Compile a file of this folder for LD_PRELOAD; skips the test where that cannot be."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    is_linux = sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc"
    if compiler is None or not is_linux:
        pytest.skip("standing between a process and the system needs Linux, glibc and a C compiler")
    target = (folder / name).with_suffix(".so")
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", target, _HERE / name, "-ldl"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return target
