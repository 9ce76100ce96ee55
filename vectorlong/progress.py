"""How far a long piece of work has come, on stderr."""

from __future__ import annotations

from tqdm import tqdm

_DELAY_S = 2.0


def progress_bar(total: int | None, unit: str, description: str, show: bool | None) -> tqdm:
    """Make a bar, to be used as a context manager.

    Parameters
    ----------
    total
        Units to be done; None where nobody knows.
    unit, description
        What is counted, and what is done.
    show
        True or False; None shows it on a terminal once work has taken two seconds.
    """
    return tqdm(
        total=total,
        unit=unit,
        unit_scale=unit == "char",  # of which there are millions; documents are counted one by one
        desc=description,
        disable=None if show is None else not show,  # None: tqdm asks whether it is a terminal
        delay=_DELAY_S if show is None else 0,
    )
