"""What is known now -> the console as one HTML page, without scripts and without anything from elsewhere. Pure."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from actions.api.view import Status, View
from detectors.scope import scope_of, scope_text

ROWS = 100
"""Rows of a table; the API has the rest."""
CELL_CHARS = 300
STYLE = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{max-width:70rem;margin:0 auto;padding:1rem 1.25rem 3rem}
h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.8rem 0 .4rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #8884;vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600;opacity:.75}p.none{opacity:.7;margin:.2rem 0}
ul.state{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.4rem}
ul.state li{border:1px solid #8886;border-radius:.4rem;padding:.1rem .55rem}
.bad{background:#c0262622;border-color:#c02626!important}.critical,.error{color:#c02626;font-weight:600}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: its own style and nothing else."""


def console_page(view: View) -> str:
    """The page; it loads itself again every 10 s."""
    status = view.status()
    sections = [
        _state(status),
        _incidents(view),
        _table("Throttles", ("scope", "level", "left", "until"), _throttles(view), none="Nobody is throttled."),
        _table("Budgets", ("budget", "scope", "spent USD", "of USD"), _budgets(view), none="No budgets."),
        _table("Decisions", ("time", "action", "target", "reason", "became"), _decisions(view), none="Nothing was decided."),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tidegate</title>'
        '<meta http-equiv="refresh" content="10"><meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body><h1>Tidegate</h1>{''.join(sections)}</body></html>"
    )


def _state(status: Status) -> str:
    facts = [
        (f"mode {status.mode}", False),
        (f"policy {status.policy_version}" if status.policy_version else "", False),
        (f"worker {status.worker}" if status.worker else "", False),
        ("frozen: " + status.frozen if status.frozen else "not frozen", bool(status.frozen)),
        ("blind: " + status.blind if status.blind else "sees all traffic", bool(status.blind)),
        ("catching up: acts on nothing" if status.catching_up else "", True),
        (f"{status.lag_s:.0f} s behind", status.lag_s > 60),
        *((f"{count} {name} waiting" if count else "", False) for name, count in sorted(status.waiting.items())),
    ]
    items = "".join(f'<li class="bad">{_text(t)}</li>' if bad else f"<li>{_text(t)}</li>" for t, bad in facts if t)
    return f'<ul class="state">{items}</ul>'


def _incidents(view: View) -> str:
    found = [each for each in view.incidents() if each.resolved is None]
    rows = [
        (each.severity.value, each.title, scope_text(scope_of(each.scope)), each.opened, each.cost_usd, each.id) for each in found
    ]
    columns = ("severity", "incident", "scope", "opened", "cost USD", "id")
    return _table(f"Open incidents ({len(found)})", columns, rows, none="No open incidents.", marked=True)


def _throttles(view: View) -> list[Sequence[Any]]:
    return [(each.scope, each.level, f"{each.factor:.0%}", each.until or "") for each in view.throttles()]


def _budgets(view: View) -> list[Sequence[Any]]:
    return [[_shown(each.get(key)) for key in ("name", "scope", "spent_usd", "amount_usd")] for each in view.budgets()]


def _decisions(view: View) -> list[Sequence[Any]]:
    plain = [msgspec.to_builtins(each) for each in view.decisions()[:ROWS]]
    return [[_shown(each.get(key)) for key in ("ts", "action", "target", "reason")] + [_became(each)] for each in plain]


def _became(decision: Mapping[str, Any]) -> str:
    receipt = decision.get("receipt")
    if not isinstance(receipt, Mapping):
        return ""
    reason = receipt.get("reason")
    return f"{receipt.get('outcome', '')}{f' ({reason})' if reason else ''}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return scope_text(scope_of({str(key): str(item) for key, item in value.items()}))
    return "" if value is None else str(value)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, none: str, marked: bool = False) -> str:
    shown = list(rows)[:ROWS]
    if not shown:
        return f'<h2>{_text(title)}</h2><p class="none">{_text(none)}</p>'
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in columns)
    body = "".join(f"<tr>{_cells(row, marked=marked)}</tr>" for row in shown)
    return f"<h2>{_text(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: Sequence[Any], *, marked: bool) -> str:
    """Cells of a row; the first one of a marked table is its severity, and has it as class."""
    mark = f' class="{_text(row[0])}"' if marked else ""
    return f"<td{mark}>{_text(row[0])}</td>" + "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])


def _text(value: Any) -> str:
    """Text as it is, whatever stands in it."""
    text = str(value)
    return escape(text if len(text) <= CELL_CHARS else text[: CELL_CHARS - 1] + "…")
