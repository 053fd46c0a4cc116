"""Liveness and readiness, for probes."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from gateway.routes.answers import answer
from gateway.schemas.health import Liveness, Readiness
from gateway.shop import state_of

router = APIRouter(tags=["Health"])


@router.get("/healthz", summary="Tell that the process lives", response_model=Liveness)
async def tell_liveness() -> Response:
    """Asks nobody, so that no store that is down gets healthy processes restarted."""
    return answer({"status": "alive"})


@router.get(
    "/readyz",
    summary="Tell whether requests can be served",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "A tier is down, or the process is about to stop."}},
)
async def tell_readiness(request: Request) -> Response:
    """Every tier is needed; Redis is only reported, since the shop sells without it."""
    state = state_of(request)
    dependencies = state["shop"].dependencies
    states = await dependencies.states()
    status = "ready" if dependencies.suffice(states) else "not ready"
    if state["stopping"].is_set():
        status = "stopping"
    document = {"status": status, "dependencies": {name: "up" if up else "down" for name, up in states.items()}}
    return answer(document, HTTPStatus.OK if status == "ready" else HTTPStatus.SERVICE_UNAVAILABLE)
