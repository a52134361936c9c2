"""Command files and templates of any kind, with any arguments."""

import shlex
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mm_lsp.rulebook.commands import Command, command_from, completion_prefix, visible_names
from mm_lsp.rulebook.expansion import EXPANSION_LIMIT, FileReference, Surroundings, expand, index_base
from tests.fuzz.pieces import HALVES, texts

STYLES = ["claude", "skill", "opencode", "cursor", "copilot", "gemini", "roo", "windsurf"]
SIGNS = [
    "$ARGUMENTS", "$ARGUMENTS[", "0", "]", "$0", "$1", "$2", "$", "\\", "$name", ".5", "{{args}}", "!{", "@{", "}", "{",
    "!`", "`", "ls", "```!\n", "```\n", "@", "a.py", "@src/a.py", "${file}", "${input:a}", "${input:b:c}",
    "${selection}", "[a](", "b.md)", "<", ">", "'", '"', "a=1", "#", *HALVES,
]  # fmt: skip
FIELDS = [
    "---\n", "name: ", "description: ", "argument-hint: ", "arguments: ", "[a, b]", "[a] [b]", "user-invocable: no",
    "prompt = ", '"""', '"x"', "/", ": ", "- a\n", "\u200b", "а",
]  # fmt: skip
TEMPLATES = texts(*SIGNS, size=25)
HERE = Surroundings("s/a.py", "/w/s/a.py", "$1 @b.md ${file}", "python", "/w")


def command(style, body, names=()) -> Command:
    return Command("fix", "fix", style, "p", "project", body=body, argument_names=names)


@given(
    st.sampled_from(STYLES),
    st.sampled_from(["project", "user"]),
    texts(*FIELDS, *SIGNS, size=25),
    st.lists(texts("/", "а", "x", size=3), max_size=3),
)
@example("gemini", "user", 'prompt = "\\ud800"', ["x"])
def test_any_file_is_a_command_or_tells_why(style, scope, text, parts) -> None:
    made, problems = command_from(style, ".x/y.md", scope, text, parts)
    if made is None:
        assert any(problem.severity == "error" for problem in problems)
        return
    assert made.problems == problems
    assert made.name.strip() == made.name != ""
    assert not set(made.name) & set("/\\ \n")
    assert len(made.description) <= 200
    assert made in visible_names([made]).values() or not made.is_user_invocable
    expand(made, text, HERE)


@given(st.sampled_from(STYLES), TEMPLATES, TEMPLATES, st.lists(st.sampled_from(["name", "a", "", "1", "a-b"])))
def test_any_template_is_filled_in(style, body, arguments, names) -> None:
    made = expand(command(style, body, tuple(names)), arguments, HERE)
    index_base(command(style, body))
    text = made.joined(lambda reference: None)
    assert len(text) <= EXPANSION_LIMIT
    for one, other in zip(made.pieces, made.pieces[1:], strict=False):
        assert isinstance(one, FileReference) or isinstance(other, FileReference)
    assert "" not in made.pieces
    assert text == "".join(piece if isinstance(piece, str) else piece.written for piece in made.pieces)


@given(
    st.sampled_from(
        [("claude", "$ARGUMENTS"), ("skill", "$ARGUMENTS"), ("opencode", "$ARGUMENTS"), ("gemini", "{{args}}")]
    ),
    st.lists(st.sampled_from(["word ", " (a) ", "\n", "x", "# T\n", " $x "]), max_size=6),
    TEMPLATES,
)
def test_arguments_come_out_as_they_were_typed(form, words, arguments) -> None:
    style, sign = form
    before, after = "".join(words), "".join(reversed(words))
    made = expand(command(style, f"{before}{sign} {after}"), arguments, HERE)
    assert made.shell == ()
    assert made.pieces == (f"{before}{arguments.strip()} {after}",)


@given(st.sampled_from(STYLES), TEMPLATES)
def test_arguments_without_a_place_come_last_as_they_were_typed(style, arguments) -> None:
    made = expand(command(style, "Fix."), arguments, HERE)
    assert made.shell == made.inputs == ()
    assert len(made.pieces) == 1
    assert made.pieces[0].endswith(arguments.strip())


@given(TEMPLATES)
def test_a_selection_and_an_input_come_out_as_they_are(text) -> None:
    made = expand(command("copilot", "<${selection}|${input:x}>"), text, Surroundings(selection=text))
    shown = text.strip() or "${input:x}"
    if not any(word.startswith("x=") for word in text.split()):
        assert made.pieces == (f"<{text}|{shown}>",)
    assert made.shell == ()


@given(TEMPLATES)
def test_a_shell_gets_the_arguments_as_one_word(arguments) -> None:
    made = expand(command("gemini", "!{ls {{args}} end}"), arguments, HERE)
    assert shlex.split(made.shell[0]) == ["ls", arguments.strip(), "end"]


@given(st.lists(st.tuples(st.sampled_from(["a", "A", "b", "project:a"]), st.sampled_from(STYLES), st.booleans())))
def test_every_command_is_reached_and_the_order_does_not_matter(rows) -> None:
    commands = [
        Command(name, name, style, f"d{number}/.x/{name}", "user" if is_user else "project")
        for number, (name, style, is_user) in enumerate(rows)
    ]
    found = visible_names(commands)
    assert {one.path for one in found.values()} == {one.path for one in commands}
    assert found == visible_names(commands[::-1])


@given(st.text(alphabet=" /#*;-<!ab:\t\n", max_size=12), st.booleans(), st.booleans())
def test_a_prefix_is_the_lines_end(line, is_prompt_like, in_comment) -> None:
    prefix = completion_prefix(line, is_prompt_like, in_comment)
    if prefix is not None:
        assert line.endswith(prefix)
        assert prefix.count("/") == 1


ADVERSARIAL = [
    "$", "$1 ", "$a-", "\\$", "$ARGUMENTS[", "$ARGUMENTS ", "@$1 ", "@a ", "!`", "!`a` ", "\n```!\n", "\n```!\n```",
    "```", "`", "!{", "@{", "{", "!{}", "}", "{{args}}", "!{{{args}}}", "@{a}", "${input:a:", "${input:a}", "${", "[",
    "[](", "[](a", "[a](b.md)", " ", "\t\n", "!", "(",
]  # fmt: skip


@pytest.mark.parametrize("style", ["claude", "opencode", "copilot", "gemini"])
@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_time_grows_with_the_length(style, unit) -> None:
    """Eight times the text: at most 24 times as long, where it takes long enough to be measured."""
    short, long = (_cost(style, unit * (size // len(unit))) for size in (8_192, 65_536))
    assert long < 0.05 or long < 24 * short


def _cost(style, body) -> float:
    costs = []
    for _ in range(2):
        start = process_time()
        expand(command(style, body), "x", HERE).joined(lambda reference: None)
        costs.append(process_time() - start)
    return min(costs)


def test_nested_parts_take_no_longer() -> None:
    start = process_time()
    for opening in ("!{", "@{", "{"):
        expand(command("gemini", opening * 40_000 + "}" * 40_000), "x", HERE)
    assert process_time() - start < 1.5


def test_a_slash_is_answered_at_once() -> None:
    lines = [" " * 300, "# " * 150, "/" + "a" * 290, "<!-- " + " " * 290 + "/fix", "// " * 3000, " " * 150 + "# /fix."]
    for line in lines:
        costs = []
        for _ in range(20):
            start = process_time()
            for _ in range(50):
                completion_prefix(line, True, True)
            costs.append((process_time() - start) / 50)
        assert min(costs) < 50e-6, line
