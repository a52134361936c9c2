"""The keys of frontmatter: which of them a kind of file knows, what they mean there, which values they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mm_lsp.assist.authoring.kinds import Kind
from mm_lsp.rulebook import skills
from mm_lsp.rulebook.command_source import Style
from mm_lsp.rulebook.rules.families import Manner
from mm_lsp.rulebook.rules.reading import GLOB_KEYS, KNOWN_KEYS

_SWITCH = ("true", "false")


class KeyHelp(NamedTuple):
    """`meaning`: a sentence or two; `values`: all that it takes, where that is a closed set."""

    meaning: str
    values: tuple[str, ...] = ()


# What each tool reads in its own command files (section 6.1).
_COMMAND_KEYS: Mapping[Style, tuple[str, ...]] = {
    "skill": skills.KNOWN_KEYS,
    "claude": tuple(key for key in skills.KNOWN_KEYS if key not in ("name", "paths", "license", "compatibility")),
    "opencode": ("description", "agent", "model", "subtask"),
    "copilot": ("name", "description", "argument-hint", "agent", "mode", "model", "tools"),
    "gemini": ("prompt", "description"),
    "roo": ("description", "argument-hint", "mode"),
    "windsurf": ("description",),
}
_NO_GRANT = "Shown to people and never a grant: no file of a project gives tools or rights here."
_NOT_READ = "For other tools; it has no effect here."

_MEANINGS: Mapping[str, KeyHelp] = {
    "description": KeyHelp("One line on what the file is for."),
    "name": KeyHelp("What the file is called where it is asked for."),
    "paths": KeyHelp("Globs, relative to the project: the file counts for the files that one of them matches."),
    "globs": KeyHelp("Globs: the rule counts for the files that one of them matches."),
    "applyTo": KeyHelp(
        "Globs, divided by commas: the instructions count for the files that one of them matches, at any depth and in "
        "any case. Without it they count only where they are named."
    ),
    "excludeAgent": KeyHelp(
        f"Which of Copilot's agents leaves the instructions out. {_NOT_READ}",
        ("code-review", "coding-agent", "cloud-agent"),
    ),
    "alwaysApply": KeyHelp("Whether the rule counts for every file.", _SWITCH),
    "regex": KeyHelp("A regular expression over a file's text. It is not run here: give the rule globs."),
    "invokable": KeyHelp(f"Whether the rule can be called as a command. {_NOT_READ}", _SWITCH),
    "trigger": KeyHelp(
        "When the rule counts: `always_on` for every file, `glob` for those that its globs match, `model_decision` "
        "where the model asks for it by its description, `manual` where you name it.",
        ("always_on", "model_decision", "glob", "manual"),
    ),
    "license": KeyHelp("Under which licence the skill may be used."),
    "compatibility": KeyHelp("What the skill needs to work: programs, systems, network; at most 500 characters."),
    "metadata": KeyHelp("Names and values of your own, one a line below it."),
    "allowed-tools": KeyHelp(f"Tools that the instructions use. {_NO_GRANT}"),
    "disallowed-tools": KeyHelp(f"Tools that the instructions do without. {_NOT_READ}"),
    "tools": KeyHelp(f"Tools that the prompt uses. {_NO_GRANT}"),
    "when_to_use": KeyHelp("When to use it; the model reads this behind the description when it chooses."),
    "argument-hint": KeyHelp("What to type behind the command's name, as the menu shows it: `[issue] [priority]`."),
    "arguments": KeyHelp("Names of the arguments in order, divided by blanks: the text takes them in as `$name`."),
    "disable-model-invocation": KeyHelp(
        "true: the model does not see it and cannot choose it; you still can call it with a slash.", _SWITCH
    ),
    "user-invocable": KeyHelp("false: it is not among the slash commands; the model still can choose it.", _SWITCH),
    "user-invokable": KeyHelp("VS Code's spelling of `user-invocable`.", _SWITCH),
    "background": KeyHelp(f"Whether it runs in the background. {_NOT_READ}", _SWITCH),
    "context": KeyHelp(f"`fork`: it runs in a conversation of its own. {_NOT_READ}", ("fork",)),
    "subtask": KeyHelp(f"Whether it runs as a task of its own. {_NOT_READ}", _SWITCH),
    "prompt": KeyHelp("The text that the model is asked. `{{args}}` stands for what is typed behind the name."),
    "model": KeyHelp("Which model it is written for. The model of your settings is used here."),
    "effort": KeyHelp(f"How hard the model should think. {_NOT_READ}"),
    "agent": KeyHelp(f"Which agent carries it out. {_NOT_READ}"),
    "mode": KeyHelp(f"In which mode it runs. {_NOT_READ}"),
    "hooks": KeyHelp("Commands that other tools run beside it. None is ever run here."),
    "shell": KeyHelp("Which shell other tools take. Nothing is ever run here."),
    "version": KeyHelp("A version, for people."),
}
_IN_RULES: Mapping[tuple[Manner, str], KeyHelp] = {
    ("mdc", "description"): KeyHelp(
        "What the rule is about. Without globs and `alwaysApply` the model asks for the rule by this line."
    ),
    ("mdc", "globs"): KeyHelp(
        "Globs, bare and divided by commas (Cursor takes quotes for a part of them): the rule counts for the files "
        "that one of them matches. `*.ts` means the root alone, `**/*.ts` any depth."
    ),
    ("mdc", "alwaysApply"): KeyHelp(
        "true: the rule counts for every file, whatever its globs. Only a bare true or false counts.", _SWITCH
    ),
    ("claude", "paths"): KeyHelp(
        "Globs, relative to the project: the rule counts for the files that one of them matches; without them it "
        "counts for every file. `*.md` means the root alone, `**/*.md` any depth."
    ),
    ("cline", "paths"): KeyHelp(
        "A list of globs: the rule counts for the files that one of them matches. An empty list means never, no list "
        "means always."
    ),
    ("continue", "alwaysApply"): KeyHelp(
        "false: the rule counts where the model asks for it by its description, or where you name it.", _SWITCH
    ),
    ("continue", "globs"): KeyHelp(
        "A glob or a list of them: the rule counts for the files that one matches. `!` in front takes files out again."
    ),
}
_IN_SKILLS: Mapping[str, KeyHelp] = {
    "name": KeyHelp("The skill's name, which is its folder's: 1 to 64 small letters, digits and single hyphens."),
    "description": KeyHelp(
        "What the skill does and when to use it, at most 1,024 characters. The model chooses by this text."
    ),
    "paths": KeyHelp("Globs: the model may choose the skill only at files that one of them matches."),
}


def known_keys(kind: Kind) -> tuple[str, ...]:
    """In the order in which they are offered; none where no tool reads any."""
    if kind.style is not None:
        return _COMMAND_KEYS.get(kind.style, ())
    return KNOWN_KEYS.get(kind.manner, ())


def glob_key(kind: Kind) -> str:
    """The key that holds this kind's globs; "" where it has none."""
    return next((key for key in GLOB_KEYS if key in known_keys(kind)), "")


def help_for(kind: Kind, key: str) -> KeyHelp | None:
    """None for a key that files of this kind do not know."""
    if key not in known_keys(kind):
        return None
    own = _IN_SKILLS.get(key) if kind.style == "skill" else _IN_RULES.get((kind.manner, key))
    return own or _MEANINGS.get(key)


def closest_key(kind: Kind, key: str) -> str:
    """The known key that was probably meant; "" if none is like it. Another tool's key for globs means this one's."""
    if key in GLOB_KEYS or key == "glob":
        return glob_key(kind)
    return closest(key, known_keys(kind))


def closest(written: str, known: tuple[str, ...]) -> str:
    import difflib  # only where something is misspelt

    plain = {_plain(one): one for one in known}
    found = difflib.get_close_matches(_plain(written), plain, n=1, cutoff=0.7)
    return plain[found[0]] if found else ""


def _plain(key: str) -> str:
    return key.casefold().replace("-", "").replace("_", "")
