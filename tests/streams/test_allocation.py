"""What was freed goes back to the system, or the process says that it cannot see to that."""

import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from bench.child import resident_mb
from streams.allocation import LARGE, give_back

assert give_back()
np.ones(16 * LARGE, np.uint8)  # without the setting, this makes arrays of up to 32 MB stay
before_mb = resident_mb()
arrays = [np.ones(2 * LARGE, np.uint8) for _ in range(10)]
held_mb = resident_mb()
del arrays
print(before_mb, held_mb, resident_mb())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_large_arrays_leave_the_process_when_they_are_freed():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    before_mb, held_mb, after_mb = map(float, ran.stdout.split())
    assert held_mb > before_mb + 70
    assert after_mb < before_mb + 8
