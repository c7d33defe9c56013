from streams.log.dead_letter import record_of_dead_letter
from tests.streams.records import T0, fed, partition


def test_a_dead_letter_says_where_it_came_from_and_why():
    source = partition()
    fed(source, [(b"{bad", T0)])
    (letter,) = source.take_dead_letters()
    record = record_of_dead_letter(letter, topic="telemetry", partition=3)
    assert (record.key, record.value) == (b"telemetry/3/0", b"{bad")
    headers = {name: value.decode() for name, value in record.headers}
    assert headers.pop("tidegate-sha256") == letter.sha256
    assert headers == {
        "tidegate-reason": "not_json", "tidegate-topic": "telemetry", "tidegate-partition": "3", "tidegate-offset": "0",
    }  # fmt: skip
