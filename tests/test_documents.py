"""The records that rooms exchange check themselves."""

import pytest

from vectorlong.documents import PassageSpec
from vectorlong.errors import OptionError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"max_tokens": 1.5}, "max_tokens=1.5"),
        ({"max_tokens": True}, "max_tokens=True"),
        ({"max_tokens": "64"}, "max_tokens='64'"),
        ({"max_tokens": 8, "overlap": 8}, "Pass 0 to 7"),
        ({"overlap": -1}, "overlap=-1"),
        ({"overlap": 0.5}, "overlap=0.5"),
        ({"method": "early"}, "'late', 'independent'"),
    ],
)
def test_passages_that_cannot_be_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        PassageSpec(**options)
