"""What steers an answer about a file: looked up, assembled, and handed out by name while the model asks for it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

from mm_lsp.assist.guidance import NONE, Guidance, guidance_from, with_skills
from mm_lsp.llm.registry import facts_of
from mm_lsp.messages import Part, ToolCall
from mm_lsp.rulebook.rules import Assembly, Rule, assemble
from mm_lsp.rulebook.rules.assembly import Wishes
from mm_lsp.rulebook.rules.rule import composed
from mm_lsp.rulebook.skills import LOAD, distinct, loaded, loaded_rule, names_of
from mm_lsp.server import trusting
from mm_lsp.server.asking import Given
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Snapshot
from mm_lsp.settings import RulesSettings, Settings
from mm_lsp.tokens import estimate
from mm_lsp.untyped import table
from mm_lsp.workspace import skill_files
from mm_lsp.workspace.files import NotReadable
from mm_lsp.workspace.library import Look
from mm_lsp.workspace.rule_files import HoldBack
from mm_lsp.workspace.skill_files import SkillFile


def _never(path: Path, is_open: bool) -> str | None:
    del path, is_open


@dataclass(slots=True)
class Guide:
    """What applies to one question, and the answers to the model's calls of `load_skill`."""

    guidance: Guidance = NONE
    assembly: Assembly = Assembly()  # noqa: RUF009  frozen
    skills: dict[str, SkillFile] = field(default_factory=dict[str, SkillFile])
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    look: Look | None = None
    given: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    hold_back: HoldBack = _never

    async def answer(self, call: ToolCall) -> Given:
        """What a call gives, as a text for the model: also what was wrong with it."""
        if call.name != LOAD:
            return Given(f"There is no function {call.name}; there is {LOAD}.")
        try:
            arguments = table(json.loads(call.arguments))
        except (ValueError, RecursionError):
            return Given(f"The arguments of {LOAD} are no JSON object.")
        name, file = str(arguments.get("name", "")), str(arguments.get("file") or "")
        if (name, file) in self.given:
            return Given("You have it already, above.")
        self.given.add((name, file))
        return await asyncio.to_thread(self._loaded, name, file)

    def _loaded(self, name: str, file: str) -> Given:
        if rule := self.rules.get(name):
            text = loaded_rule(rule, composed(rule.body, rule.imports, set()))
            place = self.look.rules.files[rule.path] if self.look is not None else rule.path
            return _given(text, rule.path, place)
        skill = self.skills.get(name)
        if skill is None:
            return Given(f"There is no skill {name}; there are: {', '.join([*self.skills, *self.rules])}.")
        if not file:
            return _given(loaded(skill.skill, skill_files.resources(skill)), skill.skill.path, skill.file)
        try:
            text = skill_files.resource(skill, file, self.hold_back)
        except NotReadable as error:
            return Given(f"The file can't be given: {error}.")
        return _given(text, f"{skill.skill.directory}/{file}", skill.file.parent / file)


def _given(text: str, source: str, file: Path | str) -> Given:
    return Given(text, (Part("skills", source, estimate(text), "the model asked for it", str(file)),))


async def guide_for(
    ls: MmLanguageServer, snapshot: Snapshot, words: str = "", *, is_asked_for: bool = True, look: Look | None = None
) -> Guide:
    """The rules and skills for a question about this document; `words`: the user's own, in which `@name` asks for a
    rule. Where the workspace's are not trusted they are left out, and the user is asked (once, without waiting)."""
    settings = snapshot.settings
    if not settings.rules.enabled or (not is_asked_for and not settings.rules.in_completion):
        return Guide()
    look = look or await look_at(ls, snapshot)
    if is_asked_for:
        trusting.ask_if_new(ls, look)
    hold_back = holding_back(ls, snapshot.path)
    assembly = await asyncio.to_thread(assembled, look, settings.rules, words, hold_back)
    guidance = guidance_from(assembly, {path: str(file) for path, file in look.rules.files.items()})
    guide = Guide(guidance, assembly, look=look, hold_back=hold_back)
    if is_asked_for and facts_of(settings.model.name, settings).supports_tools:
        _add_skills(guide, look, settings)
    return guide


def holding_back(ls: MmLanguageServer, path: Path | None) -> HoldBack:
    """Why nothing of a file beside `path` may be sent, as it is now; for a thread."""
    return ls.session.library.holding_back(ls.session.wanted(path))


async def look_at(ls: MmLanguageServer, snapshot: Snapshot) -> Look:
    return await asyncio.to_thread(ls.session.library.look, ls.session.wanted(snapshot.path))


def assembled(look: Look, settings: RulesSettings, words: str, hold_back: HoldBack) -> Assembly:
    """Of an untrusted workspace nothing but the user's own counts. Looks at ignore files: for a thread."""
    is_trusted = look.standing.verdict == "trusted"
    rules = [rule for rule in look.rules.rules if is_trusted or rule.scope in ("managed", "user")]
    files = look.rules.files
    return assemble(rules, look.target, wishes(settings), words, lambda rule: hold_back(files[rule.path], True))


def wishes(settings: RulesSettings) -> Wishes:
    return Wishes(settings.max_bytes, settings.policy, settings.families)


def _add_skills(guide: Guide, look: Look, settings: Settings) -> None:
    usable = look.usable_skills
    offered = [skill for skill in distinct([one.skill for one in usable]) if skill.is_for(look.target)]
    guide.skills = dict(skill_files.named(usable, offered))
    guide.rules = names_of(guide.assembly.offered)
    context_tokens = facts_of(settings.model.name, settings).context_tokens
    guide.guidance = with_skills(guide.guidance, offered, guide.rules, context_tokens)
