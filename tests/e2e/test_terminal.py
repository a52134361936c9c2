"""The terminal's calls, as a person makes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mm_lsp import __version__
from tests.support.model_server import ModelServer, Reply, Sleep, Stall, Text, error_reply, reply

CODE = "import math\n\n\ndef area(radius):\n    return \n"


@pytest.fixture(scope="module")
def model():
    with ModelServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "area.py").write_text(CODE)
    return tmp_path


def environment(home: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MM_LSP")}
    homes = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    return {**kept, **homes, "HOME": str(home), "MM_LSP_BASE_URL": url, "PYTHONPATH": str(Path(__file__).parents[2])}


def run(home: Path, model: ModelServer, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mm_lsp", *words],
        cwd=home,
        env=environment(home, model.url),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_complete_prints_the_suggestion(home: Path, model: ModelServer):
    model.script(reply("<completion>math.pi * radius ** 2</completion>", thinking="a circle"))
    done = run(home, model, "complete", "area.py:5:12")
    assert (done.returncode, done.stdout, done.stderr) == (0, "math.pi * radius ** 2\n", "")


def test_complete_prints_nothing_where_nothing_is_missing(home: Path, model: ModelServer):
    model.script(reply("<completion></completion>"))
    done = run(home, model, "complete", "area.py:5:12")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "mm-lsp: No suggestion: the model had nothing to add.\n"


def test_explain_prints_markdown_as_it_is_when_piped(home: Path, model: ModelServer):
    model.script(reply("# Area\n", "It computes\n\n", "an *area*."))
    done = run(home, model, "explain", "area.py:4-5")
    assert (done.returncode, done.stdout) == (0, "# Area\nIt computes\n\nan *area*.\n")
    assert "lines 4 to 5" in model.requests[-1].text


def test_edit_prints_a_diff_and_leaves_the_file_alone(home: Path, model: ModelServer):
    model.script(reply("<rewrite>\ndef area(radius):\n    return math.pi * radius**2\n</rewrite>"))
    done = run(home, model, "edit", "area.py:4-5", "complete it")
    assert done.returncode == 0
    assert "--- a/area.py\n+++ b/area.py\n" in done.stdout
    assert "-    return \n+    return math.pi * radius**2\n" in done.stdout
    assert (home / "area.py").read_text() == CODE
    assert "complete it" in model.requests[-1].text


def test_the_diff_keeps_line_ends_and_a_missing_last_one(home: Path, model: ModelServer):
    (home / "end.txt").write_bytes(b"one\r\ntwo\r\nno end")
    model.script(reply("<rewrite>\none\nzwei 😀\nno end\n</rewrite>"))
    command = [sys.executable, "-m", "mm_lsp", "edit", "end.txt", "German"]
    done = subprocess.run(command, cwd=home, env=environment(home, model.url), capture_output=True, check=True)
    hunk = "@@ -1,3 +1,3 @@\n one\r\n-two\r\n+zwei 😀\r\n no end\n\\ No newline at end of file\n"
    assert done.stdout.decode() == f"--- a/end.txt\n+++ b/end.txt\n{hunk}"


def test_edit_writes_when_told_to_and_keeps_the_mode(home: Path, model: ModelServer):
    (home / "area.py").chmod(0o750)
    model.script(reply("<rewrite>\ndef area(radius):\n    return 3\n</rewrite>"))
    done = run(home, model, "edit", "area.py:4-5", "three", "--write")
    assert done.returncode == 0
    assert (home / "area.py").read_text() == CODE.replace("return \n", "return 3\n")
    assert (home / "area.py").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("words", [("complete", "area.py:5:12"), ("explain", "area.py"), ("edit", "area.py", "x")])
def test_what_the_endpoint_refuses_is_one_sentence_and_exit_code_1(home: Path, model: ModelServer, words):
    model.script(error_reply(401, "no such key"))
    done = run(home, model, *words)
    assert done.returncode == 1
    assert done.stdout.strip() == ""
    assert done.stderr.startswith("mm-lsp: The model's endpoint refuses the key (HTTP 401)")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("complete", "area.py"), "is not FILE:LINE:COL"),
        (("complete", "area.py:9:1"), "lies outside of the file"),
        (("complete", "none.py:1:1"), "can't be read: no such file or directory"),
        (("explain", "."), "is a directory"),
        (("explain", "area.py:7-9"), "the file has 6 lines"),
        (("explain", "binary"), "is a binary file"),
        (("explain", "latin"), "is not text in UTF-8"),
        (("serve", "--tcp", "0.0.0.0:1"), "--tcp takes HOST:PORT with a host of 127.0.0.1"),
        (("trust", "nowhere"), "is not a directory"),
        (("explore",), "invalid choice"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_2(home: Path, model: ModelServer, words, sentence: str):
    (home / "binary").write_bytes(b"a\0b")
    (home / "latin").write_bytes(b"caf\xe9")
    done = run(home, model, *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("explain", "area.py"), ("complete", "area.py:5:12"), ("edit", "area.py", "x")])
def test_ctrl_c_stops_the_model_and_exits_with_130(home: Path, model: ModelServer, words):
    model.script(Reply((Text("so"), Stall())))
    number = len(model.requests)
    command = [sys.executable, "-m", "mm_lsp", *words]
    process = subprocess.Popen(
        command, cwd=home, env=environment(home, model.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    model.wait_for(number + 1, timeout=20)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    model.wait_closed(number)


def test_trust_lets_the_rules_in_and_revoke_keeps_them_out(home: Path, model: ModelServer):
    (home / ".git").mkdir()
    (home / "CLAUDE.md").write_text("Say moin first.")
    for words, is_told in (((), False), (("trust",), True), (("trust", "--revoke"), False)):
        if words:
            assert run(home, model, *words).returncode == 0
        model.script(reply("Moin."))
        assert run(home, model, "explain", "area.py").returncode == 0
        assert ("Say moin first." in model.requests[-1].text) is is_told


def test_version_and_help(home: Path, model: ModelServer):
    assert run(home, model, "--version").stdout == f"mm-lsp {__version__}\n"
    assert "complete" in run(home, model, "--help").stdout


def test_where_nothing_can_be_suggested_it_says_why(home: Path, model: ModelServer):
    (home / ".env").write_text("A=1\n")
    done = run(home, model, "complete", ".env:1:4")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mm-lsp: No suggestion: files named like .env hold secrets.\n"


def test_a_reader_that_has_had_enough_ends_the_call(home: Path, model: ModelServer):
    model.script(Reply((Text("so\n"), Sleep(0.3), Text("much\n"), Sleep(0.3), Text("more\n"), Stall())))
    command = [sys.executable, "-m", "mm_lsp", "explain", "area.py"]
    process = subprocess.Popen(
        command, cwd=home, env=environment(home, model.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "so\n"
    process.stdout.close()
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_options_before_the_word_serve_count(home: Path, model: ModelServer):
    done = run(home, model, "--tcp", "192.0.2.1:1", "serve")
    assert (done.returncode, "192.0.2.1" in done.stderr) == (2, True)


def test_rules_and_context_say_what_applies_and_what_would_be_sent(home: Path, model: ModelServer):
    (home / ".git").mkdir()
    (home / "CLAUDE.md").write_text("Say moin first.")
    (home / ".cursor/rules").mkdir(parents=True)
    (home / ".cursor/rules/ts.mdc").write_text("---\nglobs: '*.ts'\n---\nNo any.")
    number = len(model.requests)
    assert "not trusted" in run(home, model, "rules", "area.py").stdout
    assert run(home, model, "trust").returncode == 0
    told = run(home, model, "rules", "area.py").stdout
    assert "CLAUDE.md\tclaude, project, always\t" in told
    assert ".cursor/rules/ts.mdc\tnone of its globs (*.ts) matches" in told
    assert "CLAUDE.md" in run(home, model, "rules").stdout
    shown = run(home, model, "context", "area.py:1:1", "--for", "explain").stdout
    assert "Say moin first." in shown
    assert "rule\tCLAUDE.md\t" in shown
    assert len(model.requests) == number
    assert run(home, model, "rules", "nothing.py").returncode == 2
    assert run(home, model, "context", "area.py").returncode == 2


def test_usage_tells_of_which_files_text_was_sent(home: Path, model: ModelServer):
    assert run(home, model, "usage", "--files").stdout == "No text of any file was sent.\n"
    model.script(reply("It is an area."))
    assert run(home, model, "explain", "area.py").returncode == 0
    (line,) = run(home, model, "usage", "--files").stdout.splitlines()
    assert line.startswith(f"{home / 'area.py'}\t1 call\tlast ")
