"""Pages by key, where the key cannot be read."""

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from cqrs_example.http import BadInput, paged


@pytest.mark.parametrize(
    "error", [ValueError("nonsense"), ValidationError("“x” is no UUID."), OverflowError("far")]
)
def test_a_key_that_cannot_be_read_is_bad_input(error):
    def parse(text):
        raise error

    with pytest.raises(BadInput, match="There is no such page: "):
        paged(RequestFactory().get("/?after=x"), None, "key", parse)
