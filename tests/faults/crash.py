"""`python -m tests.faults.crash LABEL[#N] run ...`: the very worker of `tidegate run`, which ends itself at a durable step."""

import sys

from streams.__main__ import main
from tests.faults.steps import Trap, lay

if __name__ == "__main__":
    lay(Trap.parse(sys.argv[1]))
    del sys.argv[1]
    main()
