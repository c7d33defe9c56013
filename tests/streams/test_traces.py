import csv
import gzip
import json

import pytest

from bench.traces import GUISES, Part, convert, main

REQUESTS = [{"ts": "0.0", "input_tokens": "10", "output_tokens": "5"}, {"ts": "1.2345", "input_tokens": "7", "output_tokens": ""}]
UNKNOWN = {"out_p50": "", "out_p99": "", "out_max": ""}
SUMS = [
    {"ts": "0", "client_id": "1", "requests": "20", "in_p50": "100", "in_p99": "400", "in_max": "500"} | UNKNOWN,
    {"ts": "600", "client_id": "2", "requests": "5", "in_p50": "90", "in_p99": "90", "in_max": "90"} | UNKNOWN,
]


def trace(folder, name, rows):
    path = folder / f"{name}.csv.gz"
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_request_is_a_record_at_its_arrival(tmp_path):
    records = list(convert(trace(tmp_path, "azure2023_code", REQUESTS), Part(start_ms=1_000_000)))
    assert [(each["ts"], each["input_tokens"], each["output_tokens"]) for each in records] == [
        (1_000_000, 10, 5),
        (1_001_234, 7, None),
    ]
    assert [each["event_id"] for each in records] == ["azure2023_code-000000", "azure2023_code-000001"]


def test_sums_become_their_number_of_requests_within_their_ten_minutes(tmp_path):
    path = trace(tmp_path, "servegen_m-large", SUMS)
    records = list(convert(path, Part(start_ms=0)))
    assert [each["tenant"] for each in records] == ["client-1"] * 20 + ["client-2"] * 5
    assert [each["ts"] for each in records] == sorted(each["ts"] for each in records)
    assert all(each["ts"] < 600_000 and each["output_tokens"] is None and each["input_tokens"] <= 500 for each in records[:20])
    assert list(convert(path, Part(start_ms=0))) == records


def test_a_part_of_a_trace_keeps_the_ids_of_the_whole(tmp_path):
    path = trace(tmp_path, "servegen_m-large", SUMS)
    whole = list(convert(path, Part(start_ms=0)))
    assert list(convert(path, Part(start_ms=0, since_s=600))) == whole[20:]
    assert list(convert(path, Part(start_ms=0, clients=frozenset({"1"})))) == whole[:20]


def test_the_command_writes_lines(tmp_path):
    out = tmp_path / "out.jsonl.gz"
    assert main([str(trace(tmp_path, "azure2023_conv", REQUESTS)), "--out", str(out), "--start", "2026-03-02T00:00:00Z"]) == 0
    assert [json.loads(line)["ts"] for line in gzip.decompress(out.read_bytes()).splitlines()] == [
        1_772_409_600_000,
        1_772_409_601_234,
    ]


def test_a_trace_of_another_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is none of"):
        next(convert(tmp_path / "other.csv.gz", Part(start_ms=0)))


def test_every_guise_has_a_price():
    from genai_prices import Usage, calc_price  # noqa: PLC0415

    for guise in GUISES.values():
        assert calc_price(Usage(input_tokens=1000, output_tokens=1000), guise.model, provider_id=guise.provider).total_price > 0
