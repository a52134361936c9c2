"""The user's word about a workspace: asked for once, without anybody waiting for the answer, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from mm_lsp.messages import Refused
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.workspace import trust
from mm_lsp.workspace.library import Look

_TRUST, _RESTRICT = "Trust this workspace", "Don't use them"
_USE, _LEAVE = "Use them", "Leave them out"
_SHOWN = 6  # paths of a kind in the question


def ask_if_new(ls: MmLanguageServer, look: Look) -> None:
    """Asks about a workspace of which nothing has been said, or about commands and skills that have changed since."""
    standing = look.standing
    if standing.verdict is None and look.brings_anything:
        _ask(ls, look, "", _first_question(look), (_TRUST, _RESTRICT))
    elif changed := look.changed:
        digests = "".join(look.digests[path] for path in changed)
        _ask(ls, look, digests, _question_about(look, changed), (_USE, _LEAVE))


def _ask(ls: MmLanguageServer, look: Look, about: str, question: str, choices: tuple[str, str]) -> None:
    key = (look.root, about)
    if key in ls.session.asked_about:
        return
    ls.session.asked_about.add(key)
    ls.tasks.spawn(_answered(ls, look, key, question, choices), "question of trust")


async def _answered(
    ls: MmLanguageServer, look: Look, key: tuple[Path, str], question: str, choices: tuple[str, str]
) -> None:
    """A word that was kept may be asked for again, if it comes to be about something else."""
    params = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=question,
        actions=[types.MessageActionItem(choice) for choice in choices],
    )
    answer = await ls.window_show_message_request_async(params)
    chosen = answer.title if answer is not None else None
    if chosen == choices[0]:
        await decide(look.root, True, look.digests)
        ls.session.asked_about.discard(key)
    elif chosen == _RESTRICT:
        await decide(look.root, False, None)


def _first_question(look: Look) -> str:
    """Names what was found, and what in it can't be seen."""
    rules = [rule.path for rule in look.rules.rules if rule.scope in ("project", "nested")]
    skills = [one.skill.path for one in look.skills.skills if one.skill.scope == "project"]
    commands = [command.path for command in look.commands.commands if command.scope == "project"]
    kinds = ((rules, "rule file"), (skills, "skill"), (commands, "command"))
    found = "; ".join(f"{_counted(paths, kind)}: {_listed(paths)}" for paths, kind in kinds if paths)
    hidden = _with_hidden_characters(look)
    warning = f" Beware: hidden characters in {_listed(hidden)}." if hidden else ""
    return (
        f"{look.root.name} brings rules for the model ({found}).{warning} Use them in this workspace from now on? "
        "Until you say so they are left out."
    )


def _question_about(look: Look, changed: Sequence[str]) -> str:
    return (
        f"Commands or skills of {look.root.name} are new or have changed since you trusted it: {_listed(changed)}. "
        "Until you say so they are left out."
    )


def _counted(paths: Sequence[str], kind: str) -> str:
    return f"{len(paths)} {kind}{'' if len(paths) == 1 else 's'}"


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def _with_hidden_characters(look: Look) -> list[str]:
    things = [rule for rule in look.rules.rules if rule.scope in ("project", "nested")]
    told = [(rule.path, rule.problems) for rule in things]
    told += [(one.skill.path, one.skill.problems) for one in look.skills.skills if one.skill.scope == "project"]
    told += [(one.path, one.problems) for one in look.commands.commands if one.scope == "project"]
    return [path for path, problems in told if any(problem.code == "hidden-characters" for problem in problems)]


async def decide(root: Path, trusted: bool, digests: dict[str, str] | None) -> None:
    """Keeps the user's word; `digests`: the commands and skills that it is about. Raises Refused if that fails."""
    try:
        await asyncio.to_thread(trust.remember, root, "trusted" if trusted else "restricted", digests)
    except OSError as error:
        raise Refused(f"The decision can't be kept on disk: {error.strerror}.") from error
