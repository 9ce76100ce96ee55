"""What one file may cost is checked at the door."""

import pytest

from vectorlong.errors import OptionError
from vectorlong.files.limits import LIMIT_NAMES, Limits


@pytest.mark.parametrize("name", LIMIT_NAMES)
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "300", None, 10**10])
def test_limits_are_whole_numbers(name, value):
    with pytest.raises(OptionError, match=rf"{name}=.* whole number from 1 to 1,000,000,000"):
        Limits(**{name: value})


@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_a_refusal_names_the_limit_and_how_to_raise_it(name):
    reason = str(Limits(**{name: 1_500}).exceeded(name))
    assert " 1,500 " in reason
    assert reason.endswith(f"to allow more: --limit {name}=3000")
