"""GET /healthz and /readyz: is the process alive, and is its state restored. Open to everybody."""

from fastapi import APIRouter, Response

from actions.api.answers import json_answer
from actions.api.view import View

UNAVAILABLE = 503


def health_router(view: View) -> APIRouter:
    """Blindness and lag are metrics, not unreadiness: a restart would not mend them."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> Response:
        problems = list(view.problems())
        return json_answer({"status": "failing" if problems else "ok", "problems": problems}, UNAVAILABLE if problems else 200)

    @router.get("/readyz")
    async def readyz() -> Response:
        ready = view.ready()
        return json_answer({"ready": ready}, 200 if ready else UNAVAILABLE)

    return router
