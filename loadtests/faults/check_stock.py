"""Whether stock at the start + units added = stock now + units sold, and never more was sold than there was."""

from collections.abc import Iterator

from loadtests.faults.history import Attempt, History
from loadtests.faults.purchases import Purchase
from loadtests.faults.state import ShopState
from loadtests.faults.stock_account import Account, accounts_of
from loadtests.faults.violation import Kind, Violation

_SHOWN = 10


def check_stock(history: History, purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    for item_id, account in accounts_of(history, purchases, state).items():
        if item_id not in state.items or not account.settings:
            continue
        left = state.items[item_id].quantity
        if left < 0 or account.sold > account.most_ever:
            says = f"{account.sold} units of item {item_id} are sold and {left} left, of {_told(account)}"
            yield Violation(Kind.OVERSOLD, says, _last_sold(item_id, purchases))
        elif not account.allows_in_the_end(left):
            says = f"{left} units of item {item_id} are left after {account.sold} were sold of {_told(account)}"
            yield Violation(Kind.STOCK_NOT_CONSERVED, says, _in_trouble(item_id, purchases))


def _last_sold(item_id: str, purchases: list[Purchase]) -> tuple[Attempt, ...]:
    """The last few answers that promised units of the item."""
    promises = [purchase.accepted[0] for purchase in purchases if purchase.accepted and _is_of(purchase, item_id)]
    return tuple(sorted(promises, key=lambda attempt: attempt.invoked_at)[-_SHOWN:])


def _in_trouble(item_id: str, purchases: list[Purchase]) -> tuple[Attempt, ...]:
    """The attempts at purchases that did not go smoothly; when all of them did, all attempts."""
    own = [purchase for purchase in purchases if _is_of(purchase, item_id)]
    rough = [purchase for purchase in own if len(purchase.attempts) > 1 or purchase.is_open]
    return tuple(attempt for purchase in rough or own for attempt in purchase.attempts)


def _is_of(purchase: Purchase, item_id: str) -> bool:
    return any(body is None or item_id in body for body in purchase.bodies)


def _told(account: Account) -> str:
    settings = " then ".join(str(setting.value) for setting in account.settings)
    return settings + "".join(f", {delta.units:+}" for delta in account.deltas)
