"""Attempts to buy, put together by what makes them one purchase: the buyer and the key."""

from dataclasses import dataclass, field

from loadtests.faults.check_answers import is_final
from loadtests.faults.history import Attempt, Call, History, Lines, Outcome


@dataclass(slots=True)
class Purchase:
    buyer: str
    key: str
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def accepted(self) -> list[Attempt]:
        return self._with(Outcome.ACCEPTED)

    @property
    def refused(self) -> list[Attempt]:
        return self._with(Outcome.REFUSED)

    @property
    def is_open(self) -> bool:
        """No client got an outcome, yet it may have succeeded: a final rejection is as durable as an order."""
        has_final_answer = bool(self.accepted) or any(is_final(attempt) for attempt in self.refused)
        return not has_final_answer and bool(self._with(Outcome.UNKNOWN))

    @property
    def order_ids(self) -> set[str]:
        return {attempt.told["order_id"] for attempt in self.accepted}

    @property
    def bodies(self) -> list[Lines | None]:
        """Every list of lines that was asked for under the key; None stands for the cart."""
        return [attempt.lines for attempt in self.attempts]

    @property
    def began_at(self) -> float:
        return min(attempt.invoked_at for attempt in self.attempts)

    @property
    def accepted_at(self) -> float | None:
        """When it was first known to have succeeded."""
        return min((attempt.answered_at for attempt in self.accepted if attempt.answered_at), default=None)

    def _with(self, outcome: Outcome) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.outcome is outcome]


def purchases_of(history: History) -> list[Purchase]:
    purchases: dict[tuple[str, str], Purchase] = {}
    for attempt in history.of(Call.BUY, Call.BUY_CART):
        owner = (attempt.client, attempt.key)
        purchases.setdefault(owner, Purchase(*owner)).attempts.append(attempt)
    return list(purchases.values())


def by_order_id(purchases: list[Purchase]) -> dict[str, Purchase]:
    """The purchases that succeeded."""
    return {order_id: purchase for purchase in purchases for order_id in purchase.order_ids}
