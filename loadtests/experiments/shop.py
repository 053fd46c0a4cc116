"""What an experiment needs of a shop before it can begin: accounts, sessions, items, stock. All over REST."""

import asyncio
import uuid
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

T = TypeVar("T")

# As many at once as the gateway answers quickly; signing in costs it 20 ms of CPU each.
_AT_ONCE: Final = 8
_PASSWORD: Final = "a password for load tests"  # noqa: S105 - of accounts in a throwaway shop
BOOKS: Final = tuple(range(1, 8))


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who is logged in."""

    account_id: str
    token: str


class ShopKeeper:
    """`async with ShopKeeper(gateway) as keeper: sellers = await keeper.parties("seller", 100)`."""

    def __init__(self, gateway: str) -> None:
        self._http = httpx.AsyncClient(base_url=gateway, timeout=30.0)
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def parties(self, role: str, count: int) -> list[Party]:
        """New accounts, each with a session."""
        return await self._all(self._party(role) for _ in range(count))

    async def register(self, seller: Party, items: Iterable[dict[str, Any]]) -> list[str]:
        """Put items up for sale; returns their ids."""
        answers = await self._all(self._ask("POST", "/v1/items", seller, json=item) for item in items)
        return [answer["item_id"] for answer in answers]

    async def stock_books(self, operator_token: str, count: int) -> None:
        operator = Party("", operator_token)
        await self._all(self._ask("PATCH", f"/books/{book}", operator, json={"count": count}) for book in BOOKS)

    async def _party(self, role: str) -> Party:
        credentials = {"username": f"load-{uuid.uuid4()}", "password": _PASSWORD}
        await self._ask("POST", "/v1/accounts", json=credentials | {"role": role})
        session = await self._ask("POST", "/v1/sessions", json=credentials)
        return Party(session["account_id"], session["token"])

    async def _ask(self, method: str, path: str, party: Party | None = None, *, json: dict[str, Any]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {party.token}"} if party else {}
        async with self._turn:
            response = await self._http.request(method, path, json=json, headers=headers)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def _all(self, work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
        return list(await asyncio.gather(*work))
