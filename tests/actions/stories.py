"""Random stories for laws: judgements as a panel could give them, over few scopes so that causes meet."""

from hypothesis import strategies as st

from detectors.anomaly import Judgement
from tests.actions.said import anomaly, by_provider, ended, judgement

SCOPES = ("tenant=a", "tenant=b", "tenant=c", "provider=p", "model=m", "release=v2,service=s", "feature=f,tenant=a", "global")
DETECTORS = ("token_spike", "retry_storm", "budget_threshold", "canary_regression")
EPISODES = tuple((detector, scope) for detector in DETECTORS for scope in SCOPES)
SEVERITIES = ("info", "warning", "error", "critical")
CHANGES = (None, None, by_provider("p"), {"kind": "client"}, {"kind": "release", "service": "s", "release": "v2"})
LEADERS = ((), (), (("tenant=a", 0.9),), (("provider=p", 1.0),), (("model=m", 0.6), ("model=x", 0.4)))
QUIET_WINDOWS = 450
"""Enough for every throttle to be lifted step by step after the longest hold."""


@st.composite
def stories(draw: st.DrawFn, *, max_windows: int = 24) -> list[Judgement]:
    """Judgements in order; episodes open, rise and end as episodes do. At the end all of them have ended, and time goes on."""
    lasting: dict[tuple[str, str], tuple[int, int]] = {}
    story, window = [], 0
    for _ in range(draw(st.integers(1, max_windows))):
        window += draw(st.sampled_from((1, 1, 1, 2, 7, 40)))
        said = []
        for detector, scope in sorted(draw(st.sets(st.sampled_from(EPISODES), max_size=4))):
            since, rank = lasting.get((detector, scope), (window, -1))
            if rank >= 0 and draw(st.booleans()):
                said.append(ended(detector, scope, window=window))
                del lasting[detector, scope]
            elif rank < len(SEVERITIES) - 1:
                risen = draw(st.integers(rank + 1, len(SEVERITIES) - 1))
                lasting[detector, scope] = (since, risen)
                other = {"suspected_change": draw(st.sampled_from(CHANGES)), "contributors": draw(st.sampled_from(LEADERS))}
                said.append(anomaly(detector, scope, window=window, since=since, severity=SEVERITIES[risen], **other))
        alarming = {"tenant": draw(st.sampled_from((0, 3, 12)))}
        story.append(judgement(window, *said, alarming=alarming, live={"tenant": 50}))
    story.append(judgement(window + 1, *(ended(*episode, window=window + 1) for episode in lasting)))
    return story + [judgement(each) for each in range(window + 2, window + QUIET_WINDOWS, 6)]
