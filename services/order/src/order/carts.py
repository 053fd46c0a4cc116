"""Use cases of carts. A cart holds what is wanted; prices are the catalog's, looked up whenever a cart is shown."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from chassis.digest import digest_of
from chassis.errors import InvalidField
from chassis.money import MAX_UNITS
from order.catalog import Catalog, Item
from order.domain import (
    MAX_LINES,
    MAX_QUANTITY,
    Cart,
    CartLine,
    CartOwner,
    Lines,
    check_item_id,
    check_quantity,
    check_request_id,
)
from order.errors import CartFull, CartLineNotFound, ItemNotFound, MixedCurrencies
from order.repository import OpenCart, Repository

Change = Callable[[OpenCart, dict[str, int]], Awaitable[None]]
"""A change of an open cart and of its lines as they were read."""


class Carts:
    def __init__(self, repository: Repository, catalog: Catalog) -> None:
        self._repository = repository
        self._catalog = catalog

    async def show(self, owner: CartOwner) -> Cart:
        return await self._priced(await self._repository.read_cart(owner))

    async def add(self, owner: CartOwner, request_id: str, item_id: str, quantity: int) -> Cart:
        """Add units.

        Raises InvalidField, ItemNotFound, CartFull, and MixedCurrencies, since a cart is bought and counted as one.
        """
        check_item_id(item_id)
        check_quantity(quantity)
        known = await self._catalog.get_items({item_id, *await self._repository.read_cart(owner)})

        async def add(cart: OpenCart, lines: dict[str, int]) -> None:
            if item_id not in known:
                raise ItemNotFound(item_id)
            _check_currency(item_id, lines, known)
            lines[item_id] = _sum(lines, item_id, quantity)
            await cart.put(item_id, lines[item_id])

        return await self._priced(await self._change(owner, request_id, ("add", item_id, quantity), add), known)

    async def remove(self, owner: CartOwner, request_id: str, item_id: str, quantity: int | None) -> Cart:
        """Take units of an item out, all when None. Raises InvalidField, CartLineNotFound."""
        if quantity is not None:
            check_quantity(quantity)

        async def remove(cart: OpenCart, lines: dict[str, int]) -> None:
            if item_id not in lines:
                raise CartLineNotFound(item_id)
            left = max(0, lines.pop(item_id) - (quantity or MAX_QUANTITY))
            await cart.put(item_id, left)
            if left:
                lines[item_id] = left

        return await self._priced(await self._change(owner, request_id, ("remove", item_id, quantity), remove))

    async def clear(self, owner: CartOwner, request_id: str) -> Cart:
        async def clear(cart: OpenCart, lines: dict[str, int]) -> None:
            await cart.clear()
            lines.clear()

        return await self._priced(await self._change(owner, request_id, ("clear",), clear))

    async def save(self, owner: CartOwner, request_id: str) -> Cart:
        """Keep the cart for every later session of its buyer, in place of what was saved before."""

        async def save(cart: OpenCart, _lines: dict[str, int]) -> None:
            await cart.save()

        return await self._priced(await self._change(owner, request_id, ("save",), save))

    async def keep(self, session_id: UUID) -> None:
        """Keep the cart of a session in use from being dropped for idleness."""
        await self._repository.keep_cart(session_id)

    async def _change(self, owner: CartOwner, request_id: str, asked: tuple[object, ...], change: Change) -> Lines:
        """Make a change once for each request id of the session; returns the lines after it, or as they are by then.

        Raises what `change` raises, also when the request is repeated, and IdempotencyKeyReused.
        """
        check_request_id(request_id)
        async with self._repository.open_cart(owner) as cart:
            lines = await cart.lines()
            rejection = await cart.change_once(request_id, digest_of(*asked), partial(change, cart, lines))
        if rejection is not None:
            raise rejection
        return lines

    async def _priced(self, lines: Lines, known: dict[str, Item] | None = None) -> Cart:
        items = dict(known or {})
        unknown = lines.keys() - items.keys()
        if unknown:
            items.update(await self._catalog.get_items(unknown))
        # Item ids are numbers in disguise.
        in_order = sorted(lines.items(), key=lambda line: (len(line[0]), line[0]))
        return Cart(tuple(_line(items[item_id], quantity) for item_id, quantity in in_order if item_id in items))


def _check_currency(item_id: str, lines: Lines, known: dict[str, Item]) -> None:
    """A line that came since the items were looked up passes unseen; then it is the checkout that refuses."""
    if any(known[line].currency != known[item_id].currency for line in lines if line in known):
        raise MixedCurrencies(item_id)


def _sum(lines: Lines, item_id: str, quantity: int) -> int:
    if item_id not in lines and len(lines) >= MAX_LINES:
        raise CartFull(MAX_LINES)
    total = lines.get(item_id, 0) + quantity
    if total > MAX_QUANTITY:
        raise InvalidField("quantity", f"would make more than {MAX_QUANTITY} units of one item")
    if sum(lines.values()) + quantity > MAX_UNITS:
        raise InvalidField("quantity", f"would make more than {MAX_UNITS} units in the cart")
    return total


def _line(item: Item, quantity: int) -> CartLine:
    return CartLine(item.item_id, quantity, item.name, item.price_cents, item.currency)
