from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page

from actions.report import ReportData, render
from tests.actions.report.builders import report


@pytest.fixture
def asked(page: Page, tmp_path: Path) -> list[str]:
    """The report is open in the page; what it has asked for."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    (tmp_path / "report.html").write_text(render(report()))
    page.goto((tmp_path / "report.html").as_uri())
    return addresses


def seen_ms(page: Page) -> int:
    """How much time the chart shows."""
    shown = page.locator("#chart")
    return int(shown.get_attribute("data-to") or 0) - int(shown.get_attribute("data-from") or 0)


def inked(page: Page) -> int:
    """Pixels of the chart that are drawn upon."""
    script = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((n, v, i) => n + (i % 4 == 3 && v > 0), 0)"
    return int(page.locator("#chart canvas").evaluate(script))


def drag(page: Page, start: float, end: float) -> None:
    box = page.locator("#chart .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + start * box["width"], box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], box["y"] + 90, steps=5)
    page.mouse.up()


@pytest.mark.usefixtures("asked")
def test_it_draws(page: Page) -> None:
    assert inked(page) > 20_000


def test_it_asks_for_nothing_but_itself(page: Page, asked: list[str]) -> None:
    page.wait_for_load_state("networkidle")
    assert {urlparse(address).scheme for address in asked} == {"file"}
    assert len(asked) == 1


@pytest.mark.usefixtures("asked")
def test_dragging_zooms_and_the_button_shows_everything_again(page: Page) -> None:
    everything = seen_ms(page)
    drag(page, 0.25, 0.5)
    assert seen_ms(page) == pytest.approx(everything / 4, rel=0.02)
    page.locator("#reset").click()
    assert seen_ms(page) == everything


@pytest.mark.usefixtures("asked")
def test_another_scope_keeps_the_zoom(page: Page) -> None:
    drag(page, 0.25, 0.5)
    before = seen_ms(page)
    page.locator("#scope").select_option("tenant=acme")
    assert page.locator("#chart").get_attribute("data-scope") == "tenant=acme"
    assert seen_ms(page) == before


@pytest.mark.usefixtures("asked")
def test_an_incident_shows_itself_in_the_chart_of_its_scope(page: Page) -> None:
    page.locator("details.card summary").first.click()
    page.locator("details button").first.click()
    assert page.locator("#chart").get_attribute("data-scope") == "tenant=acme"
    assert seen_ms(page) < 2 * 3_600_000


@pytest.mark.usefixtures("asked")
def test_clicking_a_band_opens_its_incident(page: Page) -> None:
    box = page.locator("#chart .u-over").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 3.3 / 24, box["y"] + 150)
    assert page.locator("details.card[open] > summary .what").inner_text() == "token spike: tenant acme"


@pytest.mark.usefixtures("asked")
def test_reading_the_chart_gives_time_cost_and_baseline(page: Page) -> None:
    page.locator("#chart .u-over").hover()
    assert " UTC, " in page.locator("#reading").inner_text()


def test_names_that_are_markup_stay_text(page: Page, tmp_path: Path) -> None:
    attack = "</script><script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
    (tmp_path / "report.html").write_text(render(report(title=attack)))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("h1").inner_text() == attack
    assert page.evaluate("window.owned") is None


def test_a_run_without_a_record_is_a_page_too(page: Page, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(ReportData(title="empty.jsonl", summary={"usage_records": 0})))
    page.goto((tmp_path / "report.html").as_uri())
    assert not page.locator("#cost").is_visible()
    assert "No incident" in page.locator("#incidents").inner_text()
