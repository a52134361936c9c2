"""The part of YAML that frontmatter may use: plain data, no anchors, no aliases, no dates, no types of a program.

The form that nearly all files have is read without PyYAML; everything else by a SafeLoader that refuses more.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from yaml import SafeLoader
    from yaml.nodes import Node

_MAX_NODES = 5_000
_MAX_DEPTH = 20

# What stands for itself inside a line: no controls, nothing that YAML takes for a line end or refuses.
_PRINTABLE = "\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_PLAIN_TEXT = rf"[A-Za-z0-9_./~(+${_PRINTABLE}][ -~{_PRINTABLE}]*"
KEY = r"[A-Za-z_][A-Za-z0-9_.-]{0,63}"
_QUICK_LINE = (
    rf"(?P<key>{KEY}):(?: +(?:(?P<plain>{_PLAIN_TEXT})"
    rf"|\"(?P<double>[ !#-\[\]-~{_PRINTABLE}]*)\" *|'(?P<single>[ -&(-~{_PRINTABLE}]*)' *))? *"
)
_QUICK_COMMENT = rf"#[ -~{_PRINTABLE}]*| *"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAG = "tag:yaml.org,2002:"
_UNREADABLE = "it cannot be read"
_STRING, _LIST, _TABLE = _TAG + "str", _TAG + "seq", _TAG + "map"
_UNQUOTED = "plain"  # our own: the scalar was written without quotes and without a tag
_RESOLVED = {_UNQUOTED, *(_TAG + name for name in ("null", "bool", "int", "float"))}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """When the first file is read: with sets of characters as large as these it takes a while."""
    return re.compile(pattern)


class BadYaml(Exception):
    """`offset` counts code points of the text that was read; `code` is "anchors" or "bad-yaml"."""

    def __init__(self, reason: str, offset: int, code: str = "bad-yaml") -> None:
        super().__init__(reason)
        self.reason, self.offset, self.code = reason, offset, code


class Spot(NamedTuple):
    """Where a top-level key stands: its line, and its length as written."""

    line: int
    length: int


class Loaded(NamedTuple):
    """The top-level mapping. `repeated` holds keys that came more than once, with the line of each repetition: the
    last one counts. `is_mapping` is False where the text is YAML of another shape."""

    values: dict[str, Any]
    spots: dict[str, Spot]
    repeated: tuple[tuple[str, int], ...] = ()
    is_mapping: bool = True


def plain(text: str) -> Any:
    """What an unquoted scalar means: null, true, false, a decimal number as JSON would write it, else its text.
    So `yes`, `2024-01-01`, `0755`, `12:30`, `1e5` and numbers too long to be exact stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-0123456789":
        return text
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    return float(text) if number.group(1) else int(text)


def quick(text: str) -> Loaded | None:
    """Reads lines `key: value` whose values mean the same to everyone; None where `load` has to look."""
    values: dict[str, Any] = {}
    spots: dict[str, Spot] = {}
    for number, line in enumerate(text.split("\n")):
        match = _compiled(_QUICK_LINE).fullmatch(line)
        if match is None:
            if _compiled(_QUICK_COMMENT).fullmatch(line):
                continue
            return None
        key, written, double, single = match.groups()
        if written is not None:
            written = written.rstrip(" ")
            if _is_more(written):
                return None
        if key in values:
            return None
        quoted = double if single is None else single
        values[key] = plain(written or "") if quoted is None else quoted
        spots[key] = Spot(number, len(key))
    return Loaded(values, spots)


def is_plain(value: str) -> bool:
    """Whether an unquoted value of one line surely stands for nothing but itself. False says nothing."""
    return _compiled(_PLAIN_TEXT).fullmatch(value) is not None and not _is_more(value.rstrip(" "))


def _is_more(value: str) -> bool:
    """An unquoted value, without blanks at its end, in which YAML sees a key or a comment."""
    return ": " in value or " #" in value or value[-1] == ":"


def load(text: str) -> Loaded:
    """Reads a whole document. Raises BadYaml, and nothing else."""
    import yaml

    try:
        return _document(_restricted_loader()(text).get_single_node(), text)
    except yaml.reader.ReaderError as error:
        raise BadYaml(f"the character U+{error.character:04X} is not allowed", error.position) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(error.problem or _UNREADABLE, mark.index if mark else 0) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):  # "\UFFFFFFFF" is an OverflowError
        raise BadYaml(_UNREADABLE, 0) from None


@lru_cache(maxsize=1)
def _restricted_loader() -> type[SafeLoader]:
    import yaml

    class Restricted(yaml.SafeLoader):
        """Refuses anchors and aliases, counts nodes, and leaves the meaning of scalars to `plain`."""

        nodes = depth = 0

        def compose_node(self, parent: Node | None, index: int) -> Node | None:
            event = cast("Any", self).peek_event()  # the stubs say nothing of events
            if event.anchor is not None:
                raise BadYaml("anchors (&name) and aliases (*name) are not read", event.start_mark.index, "anchors")
            self.nodes += 1
            self.depth += 1
            if self.nodes > _MAX_NODES or self.depth > _MAX_DEPTH:
                raise BadYaml("it holds too many values, or nests them too deeply", event.start_mark.index)
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

        def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
            if kind is yaml.ScalarNode:
                return _UNQUOTED if implicit[0] else _STRING
            return _LIST if kind is yaml.SequenceNode else _TABLE

    return Restricted


def _document(root: Node | None, text: str) -> Loaded:
    if root is None or (root.tag == _UNQUOTED and plain(root.value) is None):
        return Loaded({}, {})
    if getattr(root, "id", "") != "mapping" or root.tag != _TABLE:
        return Loaded({}, {}, is_mapping=False)
    spots: dict[str, Spot] = {}
    repeated: list[tuple[str, int]] = []
    for key, _ in _pairs(root):
        name = _name(key)
        line = text.count("\n", 0, key.start_mark.index)
        if name in spots:
            repeated.append((name, line))
        spots[name] = Spot(line, key.end_mark.index - key.start_mark.index)
    return Loaded(_table(root, text), spots, tuple(repeated))


def _value(node: Node, text: str) -> Any:
    kind = getattr(node, "id", "")
    if kind == "scalar" and node.tag in _RESOLVED:
        return plain(node.value)
    if kind == "scalar" and node.tag == _STRING:
        return node.value
    if kind == "sequence" and node.tag == _LIST:
        return [_value(item, text) for item in node.value]
    if kind == "mapping" and node.tag == _TABLE:
        return _table(node, text)
    return text[node.start_mark.index : node.end_mark.index].rstrip()  # some program's own type: its text as written


def _table(node: Node, text: str) -> dict[str, Any]:
    return {_name(key): _value(value, text) for key, value in _pairs(node)}


def _pairs(node: Node) -> list[tuple[Node, Node]]:
    return node.value


def _name(key: Node) -> str:
    if isinstance(key.value, str):
        return key.value
    raise BadYaml("a key has to be a word", key.start_mark.index)
