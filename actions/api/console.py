"""GET /: the console, for people."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from actions.api.page import POLICY, console_page
from actions.api.view import View


def console_router(view: View) -> APIRouter:
    """One page."""
    router = APIRouter()

    @router.get("/")
    async def console() -> HTMLResponse:
        return HTMLResponse(console_page(view), headers={"Content-Security-Policy": POLICY})

    return router
