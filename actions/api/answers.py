"""A value -> an answer in the one JSON form that Tidegate writes."""

from typing import Any

from fastapi import Response

from detectors.canonical import encode


def json_answer(value: Any, status: int = 200) -> Response:
    """Compact JSON; structs keep the order of their fields."""
    return Response(encode(value), status_code=status, media_type="application/json")
