"""Recovery in the monolith: one odd reservation ends nothing, and the order behind it is recorded."""

import asyncio
from uuid import uuid4

import asyncpg

from order.domain import Memo, digest_of

RESERVE = """
    INSERT INTO stock_reservations (order_id, currency, memo, created_at)
    VALUES ($1, 'USD', $2, now() - $3 * interval '1 s')
"""
TAKE = """
    INSERT INTO stock_reservation_lines (order_id, item_id, quantity, price_cents, seller_id)
    VALUES ($1, 1, 1, 1, 's')
"""


async def reserve(settings, memo, age_s):
    """What a process leaves that died before it recorded the order."""
    connection = await asyncpg.connect(settings.catalog_database_url)
    try:
        order_id = uuid4()
        await connection.execute(RESERVE, order_id, memo, age_s)
        await connection.execute(TAKE, order_id)
    finally:
        await connection.close()
    return order_id


async def recorded(settings):
    connection = await asyncpg.connect(settings.order_database_url)
    try:
        return [row["id"] for row in await connection.fetch("SELECT id FROM orders")]
    finally:
        await connection.close()


async def test_an_unreadable_reservation_stops_no_other(settings, monolith):
    await reserve(settings, b"odd", age_s=20)
    order_id = await reserve(settings, Memo("ann", digest_of(None), None).to_bytes(), age_s=10)
    async with asyncio.timeout(60):
        while await recorded(settings) != [order_id]:
            await asyncio.sleep(0.05)
