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
    responses={503: {"model": Readiness, "description": "The process is starting, or about to stop."}},
)
async def tell_readiness(request: Request) -> Response:
    """Dependencies are reported and decide nothing: one tier that is down must not take the others' routes away."""
    state = state_of(request)
    states = state["shop"].dependencies.states
    status = "stopping" if state["stopping"].is_set() else "ready" if states else "starting"
    document = {"status": status, "dependencies": states}
    return answer(document, HTTPStatus.OK if status == "ready" else HTTPStatus.SERVICE_UNAVAILABLE)
