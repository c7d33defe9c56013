from rich.console import Console

from streams.tables import cell, figures, table


def printed(drawn):
    console = Console(width=120, record=True)
    console.print(drawn)
    return console.export_text()


def test_rows_show_what_is_asked_for_and_leave_out_what_is_not_there():
    text = printed(table("throttles", [{"scope": "tenant=a", "level": 2}], ("scope", "level", "until")))
    assert "tenant=a" in text
    assert "throttles" in text


def test_names_from_telemetry_are_neither_markup_nor_commands_to_the_terminal():
    assert "[red]x[/red]" in printed(figures({"title": "[red]x[/red]"}))
    assert cell("a\x1b[2Jb").plain == "a\\x1b[2Jb"


def test_scopes_and_flags_are_written_as_people_write_them():
    assert cell({"env": "prod", "team": "x"}).plain == "env=prod, team=x"
    assert [cell(each).plain for each in (True, False, None)] == ["yes", "no", ""]
