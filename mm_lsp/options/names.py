"""One set of names: nested, dotted and camelCase spellings of the same setting, and the stronger over the weaker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from mm_lsp.options.schema import Options, Table, group_of
from mm_lsp.untyped import table


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def in_snake_case(values: Mapping[str, Any], group: type[BaseModel]) -> Table:
    """Nested snake_case out of dotted and camelCase names; null means unset."""
    result: Table = {}
    for name, value in values.items():
        head, _, rest = str(name).partition(".")
        head = _field(head, group)
        inner: Any = {rest: value} if rest else value
        if inner is None or (rest and value is None):
            continue
        subgroup = group_of(group, head)
        if subgroup is not None and isinstance(inner, dict):
            inner = in_snake_case(table(inner), subgroup)
        elif group is Options and head == "models" and isinstance(inner, dict):
            inner = {model: _snake_keys(facts) for model, facts in table(inner).items()}
        result = overlaid(result, {head: inner})
    return result


def _field(name: str, group: type[BaseModel]) -> str:
    """The group's own spelling; where a group passes unknown names through, they stay as they are."""
    snake = _snake(name)
    passes = group.model_config.get("extra") == "allow"
    return name if name in group.model_fields or (passes and snake not in group.model_fields) else snake


def _snake_keys(values: Any) -> Any:
    return {_snake(str(key)): value for key, value in table(values).items()} if isinstance(values, dict) else values


def overlaid(weak: Table, strong: Mapping[str, Any]) -> Table:
    """`strong` over `weak`, table by table."""
    result = dict(weak)
    for name, value in strong.items():
        both = isinstance(value, Mapping) and isinstance(result.get(name), dict)
        result[name] = overlaid(table(result[name]), table(value)) if both else value
    return result
