"""A throttle or a lift -> the quota that gateways read, and the webhooks that are told of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from actions.quotas import Quota, quota_of
from actions.sink import Answer, Effect, Sink, Word

_WORST_FIRST = (Word.UNKNOWN, Word.AGAIN, Word.REFUSED, Word.ACCEPTED)


class QuotaUnavailableError(Exception):
    """The quota could not be published now."""


class Throttle:
    """Publishes the quota for those who ask for it, then tells the webhook that the policy names (`via`).

    It is done when all of them have taken it. A part that has is not asked again.
    """

    name = "quotas"
    repeatable = True

    def __init__(self, *, publish: Callable[[Quota], Awaitable[None]], gateways: Mapping[str, Sink]) -> None:
        """`publish` writes to `tidegate.quotas` durably, or raises QuotaUnavailableError; `gateways` by name."""
        self._publish = publish
        self._gateways = gateways

    async def send(self, effect: Effect) -> Answer:
        """Set the quota everywhere."""
        quota = quota_of(effect.decision, fence=effect.fence)
        try:
            await self._publish(quota)
        except QuotaUnavailableError as error:
            return Answer(word=Word.AGAIN, detail=f"quota not published: {error}")
        told = [await gateway.send(effect) for gateway in self._of(effect)]
        return _all_of([Answer(word=Word.ACCEPTED, detail=f"quota level {quota.level} published"), *told])

    async def ask(self, effect: Effect) -> Answer | None:
        """To publish again changes nothing, so only the webhooks are asked; None when there is nothing to ask."""
        told = [await gateway.ask(effect) for gateway in self._of(effect)]
        known = [answer for answer in told if answer is not None]
        return _all_of(known) if known and len(known) == len(told) else None

    def _of(self, effect: Effect) -> Sequence[Sink]:
        via = effect.decision.params.get("via")
        names = [via] if isinstance(via, str) and via else []
        return [self._gateways[name] for name in names if name in self._gateways]


def _all_of(answers: Sequence[Answer]) -> Answer:
    """The answer of a whole whose parts answered so: done when all are."""
    worst = min(answers, key=lambda answer: _WORST_FIRST.index(answer.word))
    waits = [answer.retry_after_s for answer in answers if answer.retry_after_s is not None]
    detail = "; ".join(answer.detail for answer in answers)
    return msgspec.structs.replace(worst, detail=detail, retry_after_s=max(waits, default=None), attempted=True)
