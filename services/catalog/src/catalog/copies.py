"""The names of the copies that gateways keep of the rows here. Whoever changes a row deletes them before it answers."""

from collections.abc import Iterable


def keys_of_items(item_ids: Iterable[int]) -> list[str]:
    return [f"item:{item_id}" for item_id in item_ids]


def keys_of_searches(category: int) -> list[str]:
    """Of every search that may find a new item of the category."""
    return [f"scope:{category}", "scope:all"]
