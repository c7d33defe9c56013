"""GET /api/v1/quotas/{scope}: what a scope may use now; what gateways poll."""

from urllib.parse import unquote

from fastapi import APIRouter, HTTPException, Request, Response

from actions.api.answers import json_answer
from actions.api.view import View
from detectors.scope import parse_scope, scope_text

PREFIX = "/api/v1/quotas/"


def quotas_router(view: View) -> APIRouter:
    """Level 0 for whoever is not throttled, also for scopes that were never seen."""
    router = APIRouter()

    @router.get(PREFIX + "{scope:path}")
    async def quota(request: Request) -> Response:
        try:
            text = scope_in_path(request.scope["raw_path"].decode("ascii").partition("?")[0])
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return json_answer(view.quota(text))

    return router


def scope_in_path(raw_path: str) -> str:
    """The scope text at the end of a path as it was sent, in its canonical form.

    A scope text may stand there as it is, its `=` shows that, or percent-encoded once more like any other text.

    Raises:
        ValueError: when it is no scope.

    >>> scope_in_path("/api/v1/quotas/tenant=R%26D"), scope_in_path("/api/v1/quotas/tenant%3DR%2526D")
    ('tenant=R%26D', 'tenant=R%26D')
    """
    raw = raw_path.partition(PREFIX)[2]
    return scope_text(parse_scope(raw if "=" in raw else unquote(raw, errors="strict")))
