"""The names of the copies that gateways keep of the rows here. Whoever changes a row deletes them before it answers."""

from collections.abc import Iterable

from catalog.domain import Item


def keys_of_items(item_ids: Iterable[int]) -> list[str]:
    return [f"item:{item_id}" for item_id in item_ids]


def keys_of_listings(new_items: Iterable[Item]) -> list[str]:
    """Of every listing that may show one of these items, which was not there before."""
    keys = {key for item in new_items for key in (f"scope:{item.category}", f"scope:seller:{item.seller_id}")}
    return [*keys, "scope:all"] if keys else []
