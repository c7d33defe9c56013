"""What was freed goes back to the system, or the process says that it cannot see to that."""

import sys

import numpy as np
import pytest

from bench.child import resident_mb
from streams.allocation import LARGE, give_back


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_large_arrays_leave_the_process_when_they_are_freed():
    assert give_back()
    np.ones(16 * LARGE, np.uint8)  # without the setting, this makes arrays of up to 32 MB stay
    before_mb = resident_mb()
    arrays = [np.ones(2 * LARGE, np.uint8) for _ in range(10)]
    assert resident_mb() > before_mb + 70
    del arrays
    assert resident_mb() < before_mb + 8
