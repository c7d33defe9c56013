"""GET /api/v1/verdicts/{service}/{release}: what Argo Rollouts or Flagger ask of a canary."""

from urllib.parse import unquote

from fastapi import APIRouter, HTTPException, Request, Response

from actions.api.answers import json_answer
from actions.api.view import View

PREFIX = "/api/v1/verdicts/"
UNHEARD = "insufficient_data"


def verdicts_router(view: View) -> APIRouter:
    """Always 200, also for releases nobody has heard of: to Argo any other status is an error of the measurement."""
    router = APIRouter()

    @router.get(PREFIX + "{service_and_release:path}")
    async def verdict(request: Request) -> Response:
        raw = request.scope["raw_path"].decode("ascii").partition("?")[0]
        parts = [unquote(part) for part in raw.partition(PREFIX)[2].split("/")]
        if len(parts) != 2 or not all(parts):
            raise HTTPException(404, "should be /api/v1/verdicts/{service}/{release}")
        found = view.verdict(*parts)
        if found is None:
            return json_answer({"verdict": UNHEARD, "evidence": {}})
        return json_answer({"verdict": found.verdict, "evidence": found.evidence})

    return router
