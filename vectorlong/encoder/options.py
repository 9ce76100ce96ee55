"""Options are checked here, once, before any work begins."""

from __future__ import annotations

import os
from typing import Literal, get_args

import numpy as np
import torch

from vectorlong.checks import check_count
from vectorlong.errors import OptionError
from vectorlong.postprocess import Postprocess

Overlength = Literal["window", "truncate", "error"]
# What says that vectors are to be left as they are, whatever the model's folder keeps.
NO_POSTPROCESS = "none"


def check_model(model: str | os.PathLike[str]) -> str:
    """Return what the user wrote for ``model=`` as text.

    Raises
    ------
    OptionError
        It is neither a name nor a path, or empty.
    """
    if not isinstance(model, str | os.PathLike) or not os.fspath(model):
        raise OptionError("model", model, hint="Pass a hub id, a folder or a known short name.")
    name = os.fspath(model)
    return str.__str__(name) if isinstance(name, str) else os.fsdecode(name)


def check_max_tokens(max_tokens: int | None, limit: int, n_special: int) -> int:
    """Give the window's length: what was asked for, else the model's limit.

    Raises
    ------
    OptionError
        It is more than the model takes, or leaves no room for a token of text.
    """
    if max_tokens is None:
        return limit
    max_tokens = check_count("max_tokens", max_tokens)
    if not n_special < max_tokens <= limit:
        raise OptionError(
            "max_tokens", max_tokens, hint=f"The model takes {n_special + 1} to {limit}."
        )
    return max_tokens


def check_overlength(overlength: str) -> None:
    """Make sure a way with long texts exists.

    Raises
    ------
    OptionError
        It does not; the message lists those that do.
    """
    if not isinstance(overlength, str) or overlength not in get_args(Overlength):
        raise OptionError("overlength", overlength, get_args(Overlength))


def check_normalize(normalize: object) -> None:
    """Make sure that it is True, False or left open.

    Raises
    ------
    OptionError
        It is anything else.
    """
    if normalize is not None and not isinstance(normalize, bool | np.bool_):
        hint = "Or None: what the model's folder says."
        raise OptionError("normalize", normalize, [True, False], hint)


def check_postprocess(postprocess: object) -> None:
    """Make sure that it is a step, "none" or left open.

    Raises
    ------
    OptionError
        It is anything else.
    """
    is_open = postprocess is None or isinstance(postprocess, Postprocess)
    if not is_open and not (isinstance(postprocess, str) and postprocess == NO_POSTPROCESS):
        hint = "Or a step of vectorlong.postprocess, or None: what the model's folder says."
        raise OptionError("postprocess", postprocess, [NO_POSTPROCESS], hint)


def check_device(device: str | torch.device | None) -> torch.device:
    """Resolve a device and make sure tensors can live there.

    Raises
    ------
    OptionError
        They cannot; the message lists the devices there are.
    """
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    available = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    try:
        resolved = torch.device(device)
        torch.ones(1, device=resolved).item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise OptionError("device", device, available, f"({str(error).splitlines()[0]})") from error
    return resolved
