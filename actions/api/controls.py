"""POST /api/v1/{freeze, unfreeze, lift, approve, refuse}: what people ask for; each becomes a record of `tidegate.control`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from actions.api.answers import json_answer
from actions.api.auth import Auth, Role, Token
from actions.api.view import ControlUnavailableError, View
from actions.control import ControlKind
from detectors.scope import parse_scope, scope_text

Why = Annotated[str, Field(max_length=500)]


class Asked(BaseModel):
    """Why somebody asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    reason: Why = ""


class AskedLift(Asked):
    """Whose throttle should go."""

    scope: Annotated[str, Field(min_length=1, max_length=2000)]


class AskedAnswer(Asked):
    """Which decision is answered."""

    decision_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,128}$")]


def controls_router(view: View, auth: Auth) -> APIRouter:
    """All of them need the role `operate`, and are idempotent: asking twice changes nothing more."""
    router = APIRouter(prefix="/api/v1")
    operator = Annotated[Token, Depends(auth.need(Role.OPERATE))]

    async def ask(kind: ControlKind, by: Token, params: dict[str, Any]) -> Response:
        try:
            control_id = await view.control(kind, by=by.name, params=params)
        except ControlUnavailableError as error:
            raise HTTPException(503, "could not be written down; nothing has changed") from error
        return json_answer({"control_id": control_id, "kind": kind, "by": by.name})

    @router.post("/freeze")
    async def freeze(by: operator, asked: Asked | None = None) -> Response:
        return await ask(ControlKind.FREEZE, by, (asked or Asked()).model_dump())

    @router.post("/unfreeze")
    async def unfreeze(by: operator, asked: Asked | None = None) -> Response:
        return await ask(ControlKind.UNFREEZE, by, (asked or Asked()).model_dump())

    @router.post("/lift")
    async def lift(by: operator, asked: AskedLift) -> Response:
        try:
            scope = scope_text(parse_scope(asked.scope))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return await ask(ControlKind.LIFT, by, {"reason": asked.reason, "scope": scope})

    @router.post("/approve")
    async def approve(by: operator, asked: AskedAnswer) -> Response:
        return await ask(ControlKind.APPROVE, by, asked.model_dump())

    @router.post("/refuse")
    async def refuse(by: operator, asked: AskedAnswer) -> Response:
        return await ask(ControlKind.REFUSE, by, asked.model_dump())

    return router
