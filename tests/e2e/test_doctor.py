"""`mm-lsp doctor` and `mm-lsp usage`, as a person runs them."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mm_lsp.llm.dialect import Dialect
from mm_lsp.llm.sse import SSEDecoder
from mm_lsp.messages import TextDelta
from tests.support.model_server import ModelServer, Reply, Sleep, Stall, Text, Thinking, error_reply, reply

from .test_terminal import environment

KEY = "sk-doctor-0123456789abcdef"


@pytest.fixture
def model():
    with ModelServer(reply("one ", "two ", "three", thinking="Hm. So be it.")) as server:
        yield server


def run(home: Path, url: str, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mm_lsp", *words],
        cwd=home,
        env={**environment(home, url), "MM_LSP_API_KEY": KEY, **extra},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """What was looked at → (ok, note or bad; what is told)."""
    found = (line.split(maxsplit=2) for line in done.stdout.splitlines() if line.startswith(("ok", "note", "bad")))
    return {words[1]: (words[0], words[-1]) for words in found}


def test_all_is_well(tmp_path: Path, model: ModelServer):
    model.script(model.default)
    model.default = Reply((Thinking("Hm."), Stall()))
    done = run(tmp_path, model.url, "doctor")
    found = lines(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("All is well.\n")
    for what in ("settings", "endpoint", "DNS", "connection", "key", "model", "call", "dialect", "usage", "cancel"):
        assert found[what][0] == "ok", done.stdout
    assert found["dialect"][1] == "thinking comes as reasoning"
    assert "100 + 20 tokens" in found["usage"][1]
    assert "model.base_url from the environment" in done.stdout
    assert KEY not in done.stdout
    assert model.requests[1].closed_at is not None, "the second call was left"


@pytest.mark.parametrize(
    ("answer", "what", "words"),
    [
        (error_reply(401, f"Incorrect API key provided: {KEY}"), "call", "refuses the key"),
        (error_reply(404, "no such model"), "call", "change model.name"),
        (reply("", thinking="hm", reason="length"), "call", "without any text"),
    ],
)
def test_what_stands_in_the_way_is_named_and_exit_code_1(tmp_path: Path, model: ModelServer, answer, what, words):
    model.default = answer
    done = run(tmp_path, model.url, "doctor")
    mark, told = lines(done)[what]
    assert (done.returncode, mark, words in told) == (1, "bad", True), done.stdout
    assert KEY not in done.stdout


def test_an_endpoint_that_is_not_there(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = run(tmp_path, f"http://127.0.0.1:{port}/v1", "doctor")
    assert (done.returncode, lines(done)["connection"][0], "call" in lines(done)) == (1, "bad", False)


def test_no_key_and_wrong_settings(tmp_path: Path, model: ModelServer):
    (tmp_path / "config" / "mm-lsp").mkdir(parents=True)
    (tmp_path / "config" / "mm-lsp" / "config.toml").write_text("[completion]\nmax_lines = 'many'\n")
    done = run(tmp_path, "", "doctor", MM_LSP_API_KEY="")
    assert done.returncode == 1
    assert "completion.max_lines" in done.stdout
    assert "bad   key" in done.stdout


def test_no_usage_is_noted(tmp_path: Path, model: ModelServer):
    model.default = reply("one two three", usage=None)
    assert lines(run(tmp_path, model.url, "doctor"))["usage"][0] == "note"


def test_a_recorded_answer_has_no_key_and_can_be_replayed(tmp_path: Path, model: ModelServer):
    model.default = reply("one ", KEY, " three")
    done = run(tmp_path, model.url, "doctor", "--record", "answer.sse")
    assert done.returncode == 0, done.stdout
    recorded = tmp_path / "answer.sse"
    assert recorded.stat().st_mode & 0o077 == 0
    decoder, dialect = SSEDecoder(), Dialect()
    events = [event for data in decoder.feed(recorded.read_bytes()) for event in dialect.read(data)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "one *** three"
    assert dialect.is_closed


def test_a_record_that_cannot_be_written_is_one_sentence(tmp_path: Path, model: ModelServer):
    done = run(tmp_path, model.url, "doctor", "--record", "nowhere/answer.sse")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "answer.sse can't be written" in done.stderr


def test_a_slow_model_is_waited_for(tmp_path: Path, model: ModelServer):
    slow = reply("one two three", thinking="hm")
    model.default = type(slow)((Sleep(2), *slow.steps[:1], Sleep(1), *slow.steps[1:]))
    assert lines(run(tmp_path, model.url, "doctor"))["call"][0] == "ok"


def test_usage_is_a_table_and_a_page(tmp_path: Path, model: ModelServer):
    (tmp_path / "a.py").write_text("x = 1\n")
    assert "No call to a model" in run(tmp_path, model.url, "usage").stdout
    assert run(tmp_path, model.url, "explain", "a.py").returncode == 0
    done = run(tmp_path, model.url, "usage", "--days", "1")
    heads, row, summary = done.stdout.splitlines()
    assert heads.split("\t")[:4] == ["day", "model", "feature", "calls"]
    assert row.split("\t")[1:9] == ["minimax/minimax-m2.1", "explain", "1", "100", "0", "20", "5", "0.0007 CNY"]
    assert summary.startswith("Today: 0.000675 CNY of 5 CNY")
    assert run(tmp_path, model.url, "usage", "--html", "usage.html").returncode == 0
    page = (tmp_path / "usage.html").read_text()
    assert "<td>minimax/minimax-m2.1</td>" in page
    assert run(tmp_path, model.url, "usage", "--days", "0").returncode == 2


def test_a_markup_in_a_models_name_is_text_in_the_page(tmp_path: Path, model: ModelServer):
    (tmp_path / "a.py").write_text("x = 1\n")
    run(tmp_path, model.url, "explain", "a.py", MM_LSP_MODEL="<script>x")
    run(tmp_path, model.url, "usage", "--html", "usage.html")
    assert "<td>&lt;script&gt;x</td>" in (tmp_path / "usage.html").read_text()


def test_text_of_an_answer_is_not_in_the_record(tmp_path: Path, model: ModelServer):
    (tmp_path / "a.py").write_text("SECRET_WORD = 1\n")
    model.default = type(model.default)((Text("SECRET_ANSWER"), *model.default.steps))
    run(tmp_path, model.url, "explain", "a.py")
    for file in (tmp_path / "data").rglob("usage*"):
        assert b"SECRET" not in file.read_bytes()
