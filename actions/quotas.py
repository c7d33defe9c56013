"""Performed throttles and lifts -> what each scope may use now. Pure; time is an argument.

A quota is desired state, not a command: to apply it again changes nothing, a lower fence never replaces a higher one, and it ends
by itself when its lease is over.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from actions.decision import Action, Decision
from detectors.canonical import encode, parse_time, six_digits, time_text

LEASE_MS = 15 * 60_000
"""No throttle outlives its decision by more than this."""
FACTORS = {0: 1.0, 1: 0.5, 2: 0.25, 3: 0.1}
"""What a level leaves of the normal use, where the decision does not say."""
HARDEST = 3
FLOOR = 0.01
"""No throttle takes everything."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What is left, in figures; None: not limited in this."""

    requests_per_min: int | None = None
    tokens_per_min: int | None = None


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """Value on `tidegate.quotas` and answer of `GET /api/v1/quotas/{scope}`; field order is wire order.

    Attributes:
        scope: scope text.
        level: 0 (none) to 3 (hardest).
        factor: share of the normal use that is left; 1.0 at level 0.
        until: RFC 3339, exclusive: from then on there is no throttle; None at level 0.
        decision_id: what set it, or lifted it; None if there never was one.
        fence: offset of the claim it was performed under; 0 if there never was one.
    """

    scope: str
    level: int = 0
    factor: float = 1.0
    limit: Limit | None = None
    until: str | None = None
    decision_id: str | None = None
    fence: int = 0

    def stands(self, now_ms: int) -> bool:
        """Whether it limits anything at `now_ms`."""
        return self.level > 0 and (self.until is None or parse_time(self.until) > now_ms)


def quota_of(decision: Decision, *, fence: int) -> Quota:
    """The quota that a throttle or a lift asks for; what its params leave out is filled in, what is out of bounds is bounded."""
    params = decision.params
    default = 0 if decision.action is Action.LIFT_THROTTLE else 1
    level = min(max(_whole(params.get("level"), default), 0), HARDEST)
    if level == 0:
        return Quota(scope=decision.target, decision_id=decision.id, fence=fence)
    return Quota(
        scope=decision.target,
        level=level,
        factor=_factor(params.get("factor"), level),
        limit=_limit(params.get("limit")),
        until=_until(decision),
        decision_id=decision.id,
        fence=fence,
    )


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _factor(value: Any, level: int) -> float:
    given = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else FACTORS[level]
    return six_digits(min(max(given, FLOOR), 1.0)) if given == given else FACTORS[level]  # noqa: PLR0124 - NaN


def _limit(value: Any) -> Limit | None:
    if not isinstance(value, Mapping):
        return None
    requests, tokens = (_positive(value.get(name)) for name in ("requests_per_min", "tokens_per_min"))
    return None if requests is None and tokens is None else Limit(requests_per_min=requests, tokens_per_min=tokens)


def _positive(value: Any) -> int | None:
    given = _whole(value, 0)
    return given if given > 0 else None


def _until(decision: Decision) -> str:
    latest_ms = parse_time(decision.ts) + LEASE_MS
    try:
        return time_text(min(parse_time(str(decision.params.get("until"))), latest_ms))
    except ValueError:
        return time_text(latest_ms)


class Quotas:
    """The quotas of all scopes: what was performed, in any order."""

    def __init__(self, quotas: Iterable[Quota] = ()) -> None:
        self._quotas: dict[str, Quota] = {}
        for quota in quotas:
            self.apply(quota)

    def apply(self, quota: Quota) -> bool:
        """Take a quota; False when one with a higher fence is known, so that a late writer changes nothing."""
        known = self._quotas.get(quota.scope)
        if known is not None and known.fence > quota.fence:
            return False
        self._quotas[quota.scope] = quota
        return True

    def get(self, scope: str, now_ms: int) -> Quota:
        """What `scope` (its text) may use at `now_ms`: level 0 when there is no throttle, or when it has ended."""
        known = self._quotas.get(scope)
        if known is None:
            return Quota(scope=scope)
        return known if known.stands(now_ms) else Quota(scope=scope, decision_id=known.decision_id, fence=known.fence)

    def standing(self, now_ms: int) -> list[Quota]:
        """The throttles that limit somebody at `now_ms`, by scope."""
        return [quota for _, quota in sorted(self._quotas.items()) if quota.stands(now_ms)]

    def forget_ended(self, before_ms: int) -> list[str]:
        """Drop throttles whose lease ended before `before_ms` and return their scopes, for tombstones on the topic."""
        ended = [scope for scope, quota in self._quotas.items() if quota.until is not None and not quota.stands(before_ms)]
        for scope in ended:
            del self._quotas[scope]
        return ended


def encode_quota(quota: Quota) -> bytes:
    """JSON of the topic and of the HTTP answer."""
    return encode(quota)


def decode_quota(value: bytes) -> Quota:
    """What `encode_quota` wrote.

    Raises:
        msgspec.DecodeError: when it is none.
    """
    return msgspec.json.decode(value, type=Quota)
