"""What steers an answer besides the question: the rules that apply, and the skills that the model may load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mm_lsp.messages import Part, Tool
from mm_lsp.rulebook import rules, skills
from mm_lsp.rulebook.rules import Assembly, Import, Rule
from mm_lsp.rulebook.skills import Skill
from mm_lsp.tokens import estimate


@dataclass(frozen=True, slots=True)
class Guidance:
    """`text` stands in the system message; `parts` say where it came from."""

    text: str = ""
    tools: tuple[Tool, ...] = ()
    parts: tuple[Part, ...] = ()


NONE = Guidance()


def guidance_from(assembly: Assembly, files: Mapping[str, str]) -> Guidance:
    """The rules alone. `files`: where each rule lies on this machine, by the path that is shown."""
    parts: list[Part] = []
    for one in assembly.applied:
        parts.append(Part("rule", one.rule.path, one.tokens, one.reason, files.get(one.rule.path, "")))
        parts += _taken_in(one.rule.imports, one.rule.path)
    return Guidance(rules.render(assembly), (), tuple(parts))


def _taken_in(imports: Sequence[Import], by: str) -> Iterator[Part]:
    """Their tokens are counted with the rule."""
    for one in imports:
        yield Part("rule", one.path, 0, f"{by} takes it in", one.file)
        yield from _taken_in(one.imports, one.path)


def with_skills(
    guidance: Guidance, offered: Sequence[Skill], loadable: Mapping[str, Rule], context_tokens: int
) -> Guidance:
    """And the catalogue of what the model may load, with the tool to do so."""
    listed = skills.catalogue(offered, loadable, context_tokens)
    if not listed:
        return guidance
    count = len(offered) + len(loadable)
    part = Part("skills", f"{count} skill{'s' if count > 1 else ''}", estimate(listed), "names and descriptions only")
    return Guidance(guidance.text + listed, (skills.tool(offered, loadable),), (*guidance.parts, part))
