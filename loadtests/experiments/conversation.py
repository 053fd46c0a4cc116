"""One request at a time on one connection, for experiments that look at each answer."""

import asyncio
from typing import Self

from loadtests.driver.connections import Answer, Connection, connect
from loadtests.driver.load import Address


class Conversation:
    """`answer = await conversation.ask(request)`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def with_shop(cls, address: Address) -> Self:
        return cls(await connect(address))

    async def ask(self, request: bytes) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answered(received: Answer) -> None:
            if not answer.done():
                answer.set_result(received)

        self._connection.on_answer = answered
        self._connection.send(request)
        return await answer

    def close(self) -> None:
        self._connection.close()
