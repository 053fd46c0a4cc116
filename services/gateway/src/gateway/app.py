"""The application: routes, error handling and the edge around them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Lifespan

from gateway.cors import Cors
from gateway.edge import Edge
from gateway.exception_handlers import add_exception_handlers
from gateway.forwarded import Forwarded, TrustedProxies
from gateway.openapi import DocumentedApp
from gateway.routes import accounts, albums, books, cart, feedback, health, items, orders, sellers, sessions, votes
from gateway.settings import Settings
from gateway.shop import State, open_shop

# In the order in which a path is looked for, what is asked for most first.
_ROUTERS: Final = (
    items.router,
    votes.router,
    books.router,
    albums.router,
    sellers.router,
    orders.router,
    cart.router,
    feedback.router,
    sessions.router,
    accounts.router,
    health.router,
)


class _App(DocumentedApp):
    def __init__(self, settings: Settings, lifespan: Lifespan[FastAPI]) -> None:
        # Given here, routes are matched one after the other; each include_router would match its routes twice.
        routes = [route for router in _ROUTERS for route in router.routes]
        super().__init__(routes=routes, lifespan=lifespan, redirect_slashes=False)
        self._settings = settings
        add_exception_handlers(self)

    def build_middleware_stack(self) -> ASGIApp:
        """Without the framework's layers for unforeseen errors and long bodies, which are the edge's business."""
        routed = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers=self.exception_handlers)
        settings = self._settings
        instance = settings.process.instance_name
        outer: ASGIApp = Edge(routed, instance)
        if settings.cors_origins:
            outer = Cors(routed, instance, settings.cors_origins)
        if settings.trusted_proxies:
            outer = Forwarded(outer, TrustedProxies(settings.trusted_proxies))
        return outer


def create_app(settings: Settings, stopping: asyncio.Event) -> FastAPI:
    """The gateway as an ASGI application; `stopping` tells that it will soon stop, and is not ready any more."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with open_shop(settings) as shop, shop.dependencies.checked():
            yield State(shop=shop, stopping=stopping)

    return _App(settings, lifespan)
