import dataclasses
import json
import re
from base64 import b64encode
from hashlib import sha256

import msgspec
import pytest

from actions.report import ReportData, render
from actions.report.page import chart_data
from tests.actions.report.builders import report


@pytest.fixture(scope="module")
def page() -> str:
    return render(report())


def test_twenty_days_are_less_than_two_megabytes() -> None:
    assert len(render(report(days=20)).encode()) < 2_000_000


def test_nothing_runs_but_what_the_page_was_made_with(page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}" for text in scripts]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert re.findall(r"sha256-[^&]+(?=&#x27;)", policy[1].split("style-src")[0]) == hashes
    assert "unsafe" not in policy[1]


def test_the_page_names_no_address_that_it_could_load(page: str) -> None:
    assert not re.search(r"(?:src|href)=|url\(|@import|fetch\(", page)


@pytest.mark.parametrize(
    "attack", ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", '" onmouseover="alert(1)']
)
def test_what_came_from_data_is_text_wherever_it_stands(attack: str) -> None:
    data = report(title=attack)
    changes = {"title": attack, "scope": {"tenant": attack}}
    incidents = tuple(msgspec.structs.replace(each, **changes) for each in data.incidents)
    evidence = {attack: [{attack: attack}]}
    anomalies = tuple(msgspec.structs.replace(each, reason=attack, unit=attack, evidence=evidence) for each in data.anomalies)
    decisions = tuple(msgspec.structs.replace(each, target=attack, params={attack: attack}) for each in data.decisions)
    page = render(dataclasses.replace(data, incidents=incidents, anomalies=anomalies, decisions=decisions))
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"<img|<script|\sonmouseover=\"", text)


def test_what_the_script_reads_is_json_without_a_tag() -> None:
    embedded = re.search(r'<script type="application/json" id="data">(.*?)</script>', render(report(title="a")), re.DOTALL)
    assert embedded
    assert "<" not in embedded[1]
    assert [one["name"] for one in json.loads(embedded[1])["series"]] == ["global", "tenant=acme", "tenant=globex", "model=gpt-5"]


def test_a_band_begins_where_its_first_anomaly_does() -> None:
    data = report()
    band = chart_data(data)["incidents"][0]
    assert band["scope"] == "tenant=acme"
    assert band["to"] - band["from"] == 20 * 60_000 + 30_000


def test_every_incident_is_explained_with_observed_and_expected(page: str) -> None:
    assert page.count("<strong>48,210 tokens/s</strong> where 3,120 tokens/s was expected (15.5×)") == 3
    assert "and 4 renewals of a lease" in page
    assert "feature=summarize" in page


def test_the_gravest_are_shown_when_there_are_too_many() -> None:
    data = report()
    many = tuple(msgspec.structs.replace(data.incidents[2], id=f"{number:032x}") for number in range(400))
    page = render(dataclasses.replace(data, incidents=(*many, data.incidents[0])))
    assert "101 more of lower severity and cost are in incidents.jsonl." in page
    assert f"incident-{data.incidents[0].id}" in page


def test_nothing_found_is_said() -> None:
    assert "Nothing was out of the ordinary" in render(ReportData(title="quiet.jsonl", summary={}))
