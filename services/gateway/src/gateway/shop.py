"""What a request handler may use, put together once when the gateway starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypedDict, cast

from fastapi import Request
from grpc.aio import Channel

from chassis.grpc_client import open_channel
from chassis.occasionally import Occasionally
from chassis.redis import connect
from gateway.cache.album_reads import COUNTS_PREFIX, AlbumReads
from gateway.cache.reads import PREFIXES, Reads
from gateway.cache.tiers import open_tiers
from gateway.clients.account import Accounts
from gateway.clients.albums import Albums
from gateway.clients.cache_leases import CatalogLeases, ReviewLeases
from gateway.clients.catalog import Catalog
from gateway.clients.likes import Likes
from gateway.clients.order import Orders
from gateway.clients.review import Reviews
from gateway.clients.sellers import Sellers
from gateway.clients.sessions import Sessions
from gateway.clients.votes import STREAM_TIMEOUT_S, Votes
from gateway.dependencies import Dependencies
from gateway.searches import Searches
from gateway.settings import Settings
from gateway.uploads import Uploads

# The order service drops carts that nothing was heard of for two days.
_KEEP_CART_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Shop:
    catalog: Catalog
    orders: Orders
    accounts: Accounts
    sessions: Sessions
    reviews: Reviews
    reads: Reads
    searches: Searches
    albums: Albums
    uploads: Uploads
    album_reads: AlbumReads
    votes: Votes
    dependencies: Dependencies
    carts_in_use: Occasionally[str]
    operator_token: str | None = field(repr=False)


class State(TypedDict):
    """What the lifespan hands to every request."""

    shop: Shop
    stopping: asyncio.Event


def state_of(request: Request) -> State:
    return cast(State, request.scope["state"])


def shop_of(request: Request) -> Shop:
    return state_of(request)["shop"]


@asynccontextmanager
async def open_shop(settings: Settings) -> AsyncIterator[Shop]:
    """Connects to nothing by itself: channels and Redis come up in the background, or are reported as down."""
    async with AsyncExitStack() as stack:

        async def channel_to(target: str) -> Channel:
            return await stack.enter_async_context(open_channel(target))

        channels = {
            "catalog": await channel_to(settings.catalog_target),
            "order": await channel_to(settings.order_target),
            "account": await channel_to(settings.account_target),
            "review": await channel_to(settings.review_target),
        }
        redis = connect(settings.redis_url, name=settings.process.instance_name)
        stack.push_async_callback(redis.aclose)
        grants = {
            "catalog": CatalogLeases(channels["catalog"]).get,
            "review": ReviewLeases(channels["review"]).get,
        }
        tiers = await stack.enter_async_context(
            open_tiers(redis, settings.cache_mode, (*PREFIXES, COUNTS_PREFIX), grants)
        )
        stream = connect(settings.stream_url, name=settings.process.instance_name, timeout_s=STREAM_TIMEOUT_S)
        stack.push_async_callback(stream.aclose)
        catalog = Catalog(channels["catalog"])
        accounts = Accounts(channels["account"])
        reviews = Reviews(channels["review"])
        albums = Albums(channels["catalog"])
        orders = Orders(channels["order"])
        yield Shop(
            catalog=catalog,
            orders=orders,
            accounts=accounts,
            sessions=Sessions(accounts),
            reviews=reviews,
            reads=Reads(catalog, reviews, Sellers(accounts), tiers),
            searches=Searches(catalog, settings.anonymous_search_percent / 100),
            albums=albums,
            uploads=Uploads(settings.uploads),
            album_reads=AlbumReads(albums, Likes(channels["review"]), tiers),
            votes=Votes(stream, settings.max_vote_backlog),
            dependencies=Dependencies(channels, redis, stream),
            carts_in_use=Occasionally(orders.keep_cart, every_s=_KEEP_CART_EVERY_S),
            operator_token=settings.operator_token,
        )
