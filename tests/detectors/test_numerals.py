"""Each number is one object, whoever asks first and from whichever thread."""

from concurrent.futures import ThreadPoolExecutor

from detectors.numerals import numeral, numerals


def test_numbers_are_themselves_and_one_object_each():
    assert [numeral(number) for number in (5_000, 0, 999, 5_001)] == [5_000, 0, 999, 5_001]
    assert numeral(5_000) is numerals(5_001)[-1]
    assert numerals(3) == [0, 1, 2]
    assert numerals(0) == []


def test_threads_that_ask_at_a_time_get_the_right_ones():
    asked = [number * 37 % 200_003 for number in range(20_000)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(numeral, asked)) == asked
    assert numerals(200_003) == list(range(200_003))
