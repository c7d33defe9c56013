"""GET /api/v1/{incidents, anomalies, decisions, throttles, budgets, overrides, scopes}: what is known, as JSON arrays."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from actions.api.answers import json_answer
from actions.api.view import View

Limit = Annotated[int, Query(ge=1, le=10_000, description="at most so many")]
DEFAULT_LIMIT = 1_000


def listings_router(view: View) -> APIRouter:
    """Newest first where there is a time."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/incidents")
    async def incidents(limit: Limit = DEFAULT_LIMIT, *, open: bool = False) -> Response:  # noqa: A002 - its name in the URL
        found = view.incidents()
        return _first([each for each in found if each.resolved is None] if open else found, limit)

    @router.get("/anomalies")
    async def anomalies(limit: Limit = DEFAULT_LIMIT) -> Response:
        return _first(view.anomalies(), limit)

    @router.get("/decisions")
    async def decisions(limit: Limit = DEFAULT_LIMIT) -> Response:
        return _first(view.decisions(), limit)

    @router.get("/throttles")
    async def throttles(limit: Limit = DEFAULT_LIMIT) -> Response:
        return _first(view.throttles(), limit)

    @router.get("/budgets")
    async def budgets(limit: Limit = DEFAULT_LIMIT) -> Response:
        return _first(view.budgets(), limit)

    @router.get("/overrides")
    async def overrides(limit: Limit = DEFAULT_LIMIT) -> Response:
        return _first(view.overrides(), limit)

    @router.get("/scopes")
    async def scopes(limit: Limit = DEFAULT_LIMIT) -> Response:
        return _first(view.scopes(), limit)

    @router.get("/status")
    async def status() -> Response:
        return json_answer(view.status())

    return router


def _first(values: Sequence[Any], limit: int) -> Response:
    return json_answer(list(values[:limit]))
