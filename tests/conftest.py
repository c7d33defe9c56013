"""Laws are tested for what they say, not for how long a busy machine takes to try one example."""

import pytest
from hypothesis import settings

settings.register_profile("tidegate", deadline=None)
settings.load_profile("tidegate")

LONG = frozenset({"faults", "kafka", "test_demo.py"})
"""Folders and files that take minutes; they go first, so that no process is left alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take long first; otherwise the order stays."""
    items.sort(key=lambda item: LONG.isdisjoint(item.path.relative_to(item.config.rootpath).parts))
