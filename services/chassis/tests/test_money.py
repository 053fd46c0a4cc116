import pytest

from chassis.errors import InvalidField
from chassis.money import MAX_PRICE_CENTS, check_currency, check_price_cents


@pytest.mark.parametrize("price_cents", [0, 1, MAX_PRICE_CENTS])
def test_a_price_may_be_free_and_up_to_the_maximum(price_cents: int):
    check_price_cents(price_cents)


@pytest.mark.parametrize("price_cents", [-1, MAX_PRICE_CENTS + 1])
def test_a_price_out_of_range_is_refused_by_name(price_cents: int):
    with pytest.raises(InvalidField) as refused:
        check_price_cents(price_cents)

    assert refused.value.field == "price_cents"


def test_the_largest_order_fits_into_64_bits():
    assert 100 * 1_000_000 * MAX_PRICE_CENTS < 2**63


def test_a_currency_is_three_capital_letters():
    check_currency("USD")


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDX", "US1", "USD\n", "ÜSD"])
def test_any_other_currency_is_refused_by_name(currency: str):
    with pytest.raises(InvalidField) as refused:
        check_currency(currency)

    assert refused.value.field == "currency"
