import pytest

from actions.cases import Cause, Held
from actions.decision import Reason
from actions.leases import Step, next_step, set_level
from actions.policy.remedies import Safety

SAFETY = Safety()
MINUTE_MS = 60_000


def held(**other: object) -> Held:
    plain = {"level": 1, "since_ms": 0, "level_since_ms": 0, "until_ms": 15 * MINUTE_MS, "hold_ms": MINUTE_MS}
    fixed = {"scope": "tenant=a", "incident_id": "i", "origin": "a", "via": None, "why": "", "causes": [Cause("i", "e")]}
    return Held(**{**plain, "escalate_after_ms": None, "max_level": 3, **fixed, **other})


@pytest.mark.parametrize(
    ("of", "minute", "step"),
    [
        ({}, 9, Step.KEEP),
        ({}, 10, Step.RENEW),
        ({"until_ms": 70 * MINUTE_MS}, 60, Step.EXPIRE),
        ({"escalate_after_ms": 5 * MINUTE_MS}, 4, Step.KEEP),
        ({"escalate_after_ms": 5 * MINUTE_MS}, 5, Step.ESCALATE),
        ({"escalate_after_ms": 5 * MINUTE_MS, "level": 3}, 5, Step.KEEP),
        ({"escalate_after_ms": 5 * MINUTE_MS, "max_level": 1}, 5, Step.KEEP),
        ({"escalate_after_ms": MINUTE_MS, "hold_ms": 3 * MINUTE_MS}, 2, Step.KEEP),
        ({"letting_go": Reason.RELEASED}, 1, Step.DOWN),
        ({"letting_go": Reason.RELEASED, "hold_ms": 20 * MINUTE_MS}, 9, Step.KEEP),
        ({"letting_go": Reason.RELEASED, "hold_ms": 20 * MINUTE_MS}, 10, Step.RENEW),
    ],
)
def test_the_next_step_of_a_throttle(of, minute, step):
    assert next_step(held(**of), minute * MINUTE_MS, SAFETY) is step


def test_a_throttle_that_may_not_be_raised_is_renewed_instead():
    due = held(escalate_after_ms=MINUTE_MS)
    assert next_step(due, 12 * MINUTE_MS, SAFETY, escalate=False) is Step.RENEW


def test_a_renewal_keeps_the_time_of_the_level_and_a_new_level_starts_it_anew():
    throttle = held()
    set_level(throttle, 1, 10 * MINUTE_MS, SAFETY)
    assert (throttle.level_since_ms, throttle.until_ms) == (0, 25 * MINUTE_MS)
    set_level(throttle, 2, 12 * MINUTE_MS, SAFETY)
    assert (throttle.level_since_ms, throttle.until_ms, throttle.rung) == (12 * MINUTE_MS, 27 * MINUTE_MS, 2)
