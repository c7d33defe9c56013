import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-tools.lock", "bench/peers/requirements.lock")
PACKAGES = {"streams", "detectors", "actions"}


def pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_three_names_at_the_top_are_ours_alone() -> None:
    distributions = importlib.metadata.packages_distributions()
    assert {name: set(distributions.get(name, ["tidegate"])) for name in PACKAGES} == {name: {"tidegate"} for name in PACKAGES}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_files_hold_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    blocks = re.split(r"\n(?=[a-z])", text)
    assert all(re.match(r"[\w.-]+==\S+", block) and "--hash=sha256:" in block for block in blocks)


def test_what_is_used_is_what_is_developed_against() -> None:
    used, developed = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert used.items() <= developed.items()


def test_the_lock_files_hold_every_dependency_that_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["demo"]]
    names = {re.split(r"[^\w-]", requirement)[0].lower() for requirement in asked}
    assert names <= pinned("requirements.lock").keys()


def test_every_folder_of_python_is_a_package() -> None:
    folders = {path.parent for top in (*PACKAGES, "tests") for path in (ROOT / top).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_licence_and_changelog_are_there() -> None:
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("Apache License\n")
    assert "## " in (ROOT / "CHANGELOG.md").read_text()
