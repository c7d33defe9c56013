"""What was freed goes back to the system, or the process says that it cannot see to that."""

import ctypes
import subprocess
import sys

SETTINGS = hasattr(ctypes.CDLL(None), "mallopt")
"""Whether the C library has any: glibc does."""

PROGRAM = """
import numpy as np
from bench.child import resident_mb
from streams.allocation import LARGE, give_back

gave = give_back()
np.ones(16 * LARGE, np.uint8)  # without the setting, this makes arrays of up to 32 MB stay
before_mb = resident_mb()
arrays = [np.ones(2 * LARGE, np.uint8) for _ in range(20)]
held_mb = resident_mb()
del arrays
print(gave, before_mb, held_mb, resident_mb())
"""


def test_large_arrays_leave_the_process_when_they_are_freed():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    gave, *figures = ran.stdout.split()
    before_mb, held_mb, after_mb = map(float, figures)
    assert gave == str(SETTINGS)
    assert held_mb > before_mb + 70
    if SETTINGS:
        assert after_mb < before_mb + 8


SPARED = """
import ctypes
import numpy as np
from streams.allocation import SPARE, give_back
from streams.worker.slack import _Heap

gave = give_back()
arrays = [np.ones(100_000, np.uint8) for _ in range(600)]
del arrays
top = 0
if gave:
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Heap
    top = mallinfo2().keepcost / SPARE
print(gave, top)
"""


def test_some_free_memory_stays_at_the_end_of_the_heap():
    ran = subprocess.run([sys.executable, "-c", SPARED], capture_output=True, text=True, check=True)
    gave, top = ran.stdout.split()
    assert gave == str(SETTINGS)
    assert not SETTINGS or 0.9 < float(top) < 1.6


FROZEN = """
import gc
import weakref
from streams.allocation import pass_over_what_stays

class Cycle:
    def __init__(self):
        self.me = self

pass_over_what_stays()
frozen, seen = gc.get_freeze_count(), weakref.ref(Cycle())
gc.collect()
print(frozen > 1000, gc.isenabled(), seen() is None, gc.get_freeze_count() == frozen)
"""


def test_what_was_there_is_passed_over_and_cycles_that_come_later_are_found():
    ran = subprocess.run([sys.executable, "-c", FROZEN], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"] * 4


YOUNGEST = """
import gc
import weakref
from streams.allocation import look_for_cycles, pass_over_what_stays

class Cycle:
    def __init__(self):
        self.me = self

pass_over_what_stays()
seen = weakref.ref(Cycle())
there = seen() is not None
look_for_cycles()
print(there, seen() is None)
"""


def test_cycles_are_looked_for_when_there_is_time():
    ran = subprocess.run([sys.executable, "-c", YOUNGEST], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"] * 2
