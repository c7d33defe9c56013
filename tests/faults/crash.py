"""`python -m tests.faults.crash LABEL[#N] run ...`: the very worker of `tidegate run`, which ends itself at a durable step."""

import sys

from streams.__main__ import run
from tests.faults.steps import Trap, lay

if __name__ == "__main__":
    lay(Trap.parse(sys.argv[1]))
    sys.exit(run(sys.argv[2:]))
