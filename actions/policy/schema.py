"""The JSON Schema of a policy file, for editors and for those who write policies by program."""

import json
from typing import Any

from actions.policy.model import Policy

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). What it allows may still not fit together; `tidegate check` knows more."""
    return {"$schema": DIALECT, **Policy.model_json_schema(by_alias=True), "title": "Tidegate policy"}


def schema_text() -> str:
    """The schema as indented JSON; the same text for the same version of Tidegate."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False)
