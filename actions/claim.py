"""A decision that is due and the ledger -> the right to perform it for a few seconds, or not."""

from collections.abc import Callable
from dataclasses import dataclass

from actions.ledger import CLAIM_S, Claim
from actions.ledger_log import LedgerLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The right to perform a decision.

    Attributes:
        fence: offset of the claim; -1 for a page that goes out without a ledger.
        until_s: monotonic time until which a call may begin.
        doubtful: somebody else claimed it before and left no receipt, so its effect may be there.
    """

    fence: int
    until_s: float
    doubtful: bool = False


class Claims:
    """Claims of one worker."""

    def __init__(self, *, log: LedgerLog, worker: str, monotonic: Callable[[], float], claim_s: float = CLAIM_S) -> None:
        self._log = log
        self.worker = worker
        self._monotonic = monotonic
        self.claim_s = claim_s

    async def claim(self, decision_id: str, *, own: Held | None) -> Held | float:
        """Claim a decision, or hold on to it.

        Args:
            decision_id: what to claim.
            own: what this process holds of it, or held last.

        Returns:
            The right to perform it, or, while another has it, the monotonic time at which to look again.

        Raises:
            LedgerUnavailableError: when the log cannot be written or read.
        """
        standing = self._log.ledger.standing(decision_id)
        now_s = self._monotonic()
        ours = own is not None and standing.fence == own.fence
        if ours and own is not None and now_s < own.until_s:
            return own
        if not ours and not standing.lapsed(now_s, self.claim_s):
            return standing.read_s + self.claim_s
        # The claim is good since before it was written: a worker that stalls here wakes up without it.
        offset = await self._log.append(Claim(decision_id=decision_id, worker=self.worker, after=standing.fence))
        await self._log.applied(offset)
        now_standing = self._log.ledger.standing(decision_id)
        if now_standing.fence != offset:
            return now_standing.read_s + self.claim_s
        return Held(fence=offset, until_s=now_s + self.claim_s, doubtful=standing.fence is not None and not ours)
