"""The lasting episodes, found by what points to them: a new anomaly -> the incidents that it hangs together with."""

from collections.abc import Iterable, Iterator

from actions.grouping import UNTIED, Tie, personal, tie
from actions.trace import Pairs, Trace

_Posting = tuple[str, tuple[str, str]]
_EVERYBODY: _Posting = ("scope", ("", ""))


class Lasting:
    """Which incident each lasting episode is in, and its trace.

    Two anomalies hang together only when something that one points to is something of the other, so that a window with thousands of
    anomalies is compared with few pairs each.
    """

    def __init__(self) -> None:
        self._home: dict[str, str] = {}
        self._trace: dict[str, Trace] = {}
        self._postings: dict[_Posting, dict[str, None]] = {}

    def put(self, episode: str, trace: Trace, incident_id: str) -> None:
        """An episode lasts in an incident; an earlier entry of it is replaced."""
        self.drop(episode)
        self._home[episode] = incident_id
        self._trace[episode] = trace
        for posting in _postings(trace):
            self._postings.setdefault(posting, {})[episode] = None

    def move(self, episode: str, incident_id: str) -> None:
        """A lasting episode is now in another incident."""
        self._home[episode] = incident_id

    def drop(self, episode: str) -> None:
        """An episode has ended."""
        if episode in self._home:
            for posting in _postings(self._trace.pop(episode)):
                self._postings[posting].pop(episode, None)
            del self._home[episode]

    def home(self, episode: str) -> str | None:
        """Id of the incident that an episode lasts in."""
        return self._home.get(episode)

    def ties(self, trace: Trace) -> dict[str, Tie]:
        """Incident -> the strongest tie of a new anomaly to it."""
        found: dict[str, Tie] = {}
        near = dict.fromkeys(episode for posting in _pointed_to(trace) for episode in self._postings.get(posting, ()))
        for episode in near:
            each, home = tie(trace, self._trace[episode]), self._home[episode]
            if each < found.get(home, UNTIED):
                found[home] = each
        return found


def _postings(trace: Trace) -> Iterator[_Posting]:
    """Where a lasting episode is filed."""
    yield from (("scope", pair) for pair in trace.scope or {_EVERYBODY[1]})
    yield from (("cause", pair) for pair in trace.cause)
    yield from (("leader", pair) for pair in _any_of(scope for scope, _ in trace.leaders))
    yield from (("listed", pair) for pair in _any_of(trace.listed))


def _pointed_to(trace: Trace) -> Iterator[_Posting]:
    """Where the episodes are filed that a new anomaly may hang together with; `grouping.tie` decides."""
    own, leaders = trace.scope or {_EVERYBODY[1]}, [scope for scope, _ in trace.leaders]
    yield from (("scope", pair) for pair in {*own, *trace.cause, *_any_of(leaders), *_any_of(trace.listed)})
    yield from (("cause", pair) for pair in {*trace.scope, *trace.cause, *_any_of(leaders)})
    yield from (("leader", pair) for pair in {*trace.scope, *trace.cause, *_any_of(filter(personal, leaders))})
    yield from (("listed", pair) for pair in trace.scope)


def _any_of(scopes: Iterable[Pairs]) -> set[tuple[str, str]]:
    return {pair for scope in scopes for pair in scope}
