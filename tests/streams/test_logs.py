import logging

from streams.logs import OnceInAWhile


def line(name, text):
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, text, (), None)


def test_a_library_says_the_same_once_in_half_a_minute_and_then_how_often():
    now_s = [0.0]
    once = OnceInAWhile(monotonic_s=lambda: now_s[0])
    assert [once.filter(line("aiokafka", "no broker")) for _ in range(3)] == [True, False, False]
    now_s[0] = 31.0
    last = line("aiokafka", "no broker")
    assert once.filter(last)
    assert last.getMessage() == "no broker (2 more like this)"


def test_what_is_ours_is_always_said():
    once = OnceInAWhile()
    assert all(once.filter(line("tidegate.ingest", "partition 1 goes on at 0")) for _ in range(3))
