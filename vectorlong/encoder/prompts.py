"""What is put before a text: the caller's words, or those that the model has under a name."""

from __future__ import annotations

from collections.abc import Mapping

from vectorlong.errors import OptionError
from vectorlong.text.check import check_text

# Names under which models keep their prompt for documents; the first that a model has counts.
DOCUMENT_PROMPTS = ("document", "passage", "corpus")


def choose_prompt(
    prompts: Mapping[str, str],
    default_name: str | None,
    prompt: str | None,
    prompt_name: str | None,
    names: tuple[str, ...] = (),
) -> str:
    """Give what the caller asks for, else the first prompt that the model has of some names.

    Parameters
    ----------
    prompts, default_name
        The model's, by name, and the name of the one it uses where nobody says.
    prompt, prompt_name
        The caller's: the words themselves, or the name of one of ``prompts``.
    names
        What to look for where the caller says neither.

    Returns
    -------
    str
        Empty where nothing is put before a text.

    Raises
    ------
    OptionError
        The model has no prompt of that name, or the caller gave both.
    InputTypeError, InputValueError
        ``prompt`` is no text.

    Examples
    --------
    >>> choose_prompt({"query": "query: "}, None, None, "query")
    'query: '
    """
    if prompt_name is not None:
        if prompt is not None:
            raise OptionError("prompt_name", prompt_name, hint="Pass it or prompt, not both.")
        if not isinstance(prompt_name, str) or prompt_name not in prompts:
            hint = "" if prompts else "This model has no prompts; pass prompt, or neither."
            raise OptionError("prompt_name", prompt_name, prompts, hint)
        return prompts[prompt_name]
    if prompt is not None:
        return check_text(prompt, "prompt")
    if default_name is not None:
        names = (*names, default_name)
    return next((prompts[name] for name in names if name in prompts), "")
