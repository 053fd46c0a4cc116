"""What may be said of feedback and sellers."""

import pytest

from chassis.errors import InvalidField
from review.domain import NewFeedback, Vote, check_seller_ids


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


@pytest.mark.parametrize("seller_ids", [["s"] * 1001, [""], ["s" * 101], ["s\0"]])
def test_too_many_or_malformed_seller_ids_are_refused(seller_ids):
    with pytest.raises(InvalidField, match="seller_ids"):
        check_seller_ids(seller_ids)


def test_a_thousand_seller_ids_are_allowed():
    check_seller_ids(["s"] * 1000)
