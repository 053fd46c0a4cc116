"""What may be said of feedback and sellers."""

import pytest

from chassis.errors import InvalidField
from review.domain import NewFeedback, Vote


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", ""),
        ("request_id", "r" * 201),
        ("buyer_id", ""),
        ("buyer_id", "b" * 101),
        ("item_id", ""),
        ("item_id", "1\0"),
        ("item_id", "1\n"),
    ],
)
def test_what_is_not_allowed_is_refused_by_the_name_of_its_field(field, value):
    valid = {"request_id": "r", "buyer_id": "b", "item_id": "1", "vote": Vote.UP}
    with pytest.raises(InvalidField) as refused:
        NewFeedback(**valid | {field: value})
    assert refused.value.metadata["field"] == field
