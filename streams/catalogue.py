"""Provider and model as a record names them -> the model of genai-prices that they mean."""

import datetime as dt
import re
from functools import cache

from genai_prices.data import providers
from genai_prices.data_snapshot import find_provider_by_id
from genai_prices.types import ClauseEquals, ClauseOr, ModelInfo, Provider

_COMPACT_DATE = re.compile(r"-(20\d{2})(\d{2})(\d{2})(?=-|:|$)")


def find_model(provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
    """What `genai_prices` finds for these names, None where it finds nothing; "" is a provider that is not named.

    Its own search is not used, since it takes milliseconds for a name that it has not heard of and keeps every such name for
    ever: whoever may send telemetry could fill the memory with made-up models.
    """
    model = model.lower()
    if provider.lower() == "litellm":
        prefix, slash, rest = model.partition("/")
        provider, model = (prefix, rest) if slash and find_provider_by_id(providers, prefix) else ("", model)
    if provider:
        owner = find_provider_by_id(providers, provider)
    else:
        owner = next((each for each in providers if each.model_match is not None and each.model_match.is_match(model)), None)
    if owner is None:
        return None
    dashed = _COMPACT_DATE.sub(_dashed, model)
    info = _search(owner, model) or (_search(owner, dashed) if dashed != model else None)
    return None if info is None else (owner, info)


def _search(owner: Provider, model: str) -> ModelInfo | None:
    names = [owner.id, *(owner.fallback_model_providers or ())]
    return next((found for name in names if name in _indexes() and (found := _indexes()[name].find(model)) is not None), None)


class _Index:
    """The models of a provider: those known by plain names in a dict, the others one by one; the first that matches counts."""

    def __init__(self, models: list[ModelInfo]) -> None:
        self._models = models
        self._named: dict[str, int] = {}
        self._others: list[int] = []
        for place, model in enumerate(models):
            names = _plain_names(model)
            if names is None:
                self._others.append(place)
            for name in names or ():
                self._named.setdefault(name, place)

    def find(self, model: str) -> ModelInfo | None:
        named = self._named.get(model, len(self._models))
        place = next((each for each in self._others if each < named and self._models[each].is_match(model)), named)
        return self._models[place] if place < len(self._models) else None


def _plain_names(model: ModelInfo) -> list[str] | None:
    clauses = model.match.or_ if isinstance(model.match, ClauseOr) else [model.match]
    names = [clause.equals.lower() for clause in clauses if isinstance(clause, ClauseEquals)]
    return names if len(names) == len(clauses) else None


@cache
def _indexes() -> dict[str, _Index]:
    return {provider.id: _Index(provider.models) for provider in providers}


def _dashed(match: re.Match[str]) -> str:
    """`-20251211` as `-2025-12-11`, where that is a day."""
    year, month, day = match.groups()
    try:
        return f"-{dt.date(int(year), int(month), int(day)).isoformat()}"
    except ValueError:
        return match.group()
