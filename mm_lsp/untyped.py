"""JSON of unknown origin, looked at without trusting its shape."""

from __future__ import annotations

from typing import Any, cast


def table(value: Any) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    """`value` if it is a JSON array, else an empty one."""
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else []
