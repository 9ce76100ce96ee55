"""Where the compiled kernel is missing, cannot run or is switched off, another backend serves."""

import os
import subprocess
import sys

import pytest
import torch

from vectorlong.attention import kernel
from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.errors import OptionError

CPU = torch.device("cpu")


def test_a_processor_without_the_instructions_falls_back(monkeypatch):
    class Old:
        @staticmethod
        def is_supported(is_bfloat: bool) -> bool:
            return not is_bfloat

    monkeypatch.setattr(kernel, "_IS_SWITCHED_OFF", False)
    monkeypatch.setattr(kernel, "_KERNEL", Old)
    assert choose_backend("auto", Case(CPU)).name == "kernel"
    assert choose_backend("auto", Case(CPU, torch.bfloat16)).name == "cpu"
    with pytest.raises(OptionError, match="AVX-512"):
        choose_backend("kernel", Case(CPU, torch.bfloat16))


def test_an_installation_without_the_kernel_falls_back_and_says_so(monkeypatch):
    monkeypatch.setattr(kernel, "_IS_SWITCHED_OFF", False)
    monkeypatch.setattr(kernel, "_KERNEL", None)
    assert choose_backend("auto", Case(CPU)).name == "cpu"
    with pytest.raises(OptionError, match="no C compiler"):
        choose_backend("kernel", Case(CPU))


@pytest.mark.parametrize("value", ["off", "on", None])
def test_the_environment_switches_the_kernel_off(value):
    code = (
        "import torch; from vectorlong.attention import kernel as k; print(k.why_not(torch.half))"
    )
    environment = {n: v for n, v in os.environ.items() if n != "VECTORLONG_KERNEL"}
    if value is not None:
        environment["VECTORLONG_KERNEL"] = value
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment
    )
    is_off = done.stdout.strip() == "it is switched off (VECTORLONG_KERNEL=off)"
    assert is_off == (value == "off"), (done.stdout, done.stderr)
