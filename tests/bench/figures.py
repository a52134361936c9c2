"""Figures of the whole server, printed, never asserted: `python -m tests.bench.figures [--python PYTHON]`.

`--python` is the interpreter of an environment that mm-lsp is installed in (its byte code compiled, as pip leaves it).
Machines are noisy: ratios within one run mean more than milliseconds.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.model_server import ModelServer, Reply, Stall, Text, Thinking, reply
from tests.support.raw_client import RawClient

HELLO = Path(__file__).with_name("hello.py")


def environment(url: str, home: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    homes = {f"XDG_{kind}_HOME": home for kind in ("CONFIG", "DATA", "CACHE")}
    return {**kept, **homes, "MM_LSP_BASE_URL": url, "HOME": home}


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def row(name: str, value: str) -> None:
    print(f"{name:62} {value}", flush=True)


def start_up(python: str, env: dict[str, str], rounds: int = 15) -> None:
    ours, hello, first, sizes = [], [], [], []
    for number in range(rounds + 1):
        for command, times in (((python, "-m", "mm_lsp"), ours), ((python, str(HELLO)), hello)):
            began = time.perf_counter()
            with RawClient(command=command, env=env, cwd=env["HOME"]) as client:
                client.initialize()
                elapsed = 1000 * (time.perf_counter() - began)
                if number:  # the first warms the disk's cache
                    times.append(elapsed)
                if times is ours and number:
                    sizes.append(resident(client))
                    client.open("file:///x/a.py", "import math\n\ndef area(r):\n    return \n")
                    complete(client, "file:///x/a.py", 3, 11)
                    first.append(1000 * (time.perf_counter() - began))
                    client.shutdown_and_exit()
    ratio = statistics.median(o / h for o, h in zip(ours, hello, strict=True))
    row("spawn → initialize reply, mm-lsp / hello-world pygls", f"{ratio:.2f} ×")
    row("  medians", f"{statistics.median(ours):.0f} ms / {statistics.median(hello):.0f} ms")
    row("spawn → first completion (the model answers at once)", f"{statistics.median(first):.0f} ms")
    row("RSS right after initialize", f"{statistics.median(sizes):.0f} MB")


def resident(client: RawClient) -> float:
    status = Path(f"/proc/{client.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def complete(client: RawClient, uri: str, line: int, character: int) -> dict:
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1},
    }
    return client.call("textDocument/inlineCompletion", params)


def keystrokes(python: str, env: dict[str, str]) -> None:
    line = "    total = compute(alpha, beta) + offset[index]  # a line of ordinary code, a hundred characters of it\n"
    documents = {
        "1 MB, ascii": (line * 10_000, 5000),
        "1 MB, emoji on each line": (("😀 " + line) * 10_000, 5000),
        "10 MB, ascii": (line * 100_000, 50_000),
        "1 MB in one line, ascii": ("x" * 1_000_000, 0),
        "1 MB in one line, CJK and emoji": ("中x😀y" * 250_000, 0),
    }
    for name, (text, at) in documents.items():
        with RawClient(command=(python, "-m", "mm_lsp"), env=env, cwd=env["HOME"]) as client:
            client.initialize()
            client.open("file:///x/a.py", text)
            ping(client)
            costs = [keystroke(client, at, number) for number in range(60)]
            baseline = [timed(lambda client=client: ping(client)) for _ in range(60)]
            client.shutdown_and_exit()
        cost = statistics.median(costs) - statistics.median(baseline)
        row(f"one key, {name}", f"{cost:.2f} ms over {statistics.median(baseline):.2f} ms of an empty round trip")


def ping(client: RawClient) -> None:
    client.call("workspace/executeCommand", {"command": "mm-lsp.jobs"})


def keystroke(client: RawClient, line: int, number: int) -> float:
    place = {"line": line, "character": 8 + number}
    change = {"range": {"start": place, "end": place}, "text": "x"}

    def press() -> None:
        client.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": "file:///x/a.py", "version": number + 2}, "contentChanges": [change]},
        )
        ping(client)

    return timed(press)


def latency(python: str, env: dict[str, str], model: ModelServer, rounds: int = 40) -> None:
    text = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(500)) + "x = "
    there, back = [], []
    with RawClient(command=(python, "-m", "mm_lsp"), env=env, cwd=env["HOME"]) as client:
        client.initialize()
        for number in range(rounds):
            uri = f"file:///x/{number}.py"
            client.open(uri, text)
            ping(client)
            began = time.monotonic()
            complete(client, uri, 2000, 4)
            ended = time.monotonic()
            request = model.requests[-1]
            there.append(1000 * (request.at - began))
            back.append(1000 * (ended - last_text(request.events)))
        client.shutdown_and_exit()
    row("request → HTTP request at the model, 2,000 lines", f"{statistics.median(there[1:]):.1f} ms (median)")
    row("last byte of the answer → reply", f"{statistics.median(back[1:]):.1f} ms (median)")


def last_text(events: list[tuple[str, float]]) -> float:
    return [at for name, at in events if name.lower().startswith("text")][-1]


def cancels(python: str, env: dict[str, str], model: ModelServer, rounds: int = 60) -> None:
    model.default = Reply((Thinking("hm"), Text("x"), Stall()))
    closed, replied = [], []
    with RawClient(command=(python, "-m", "mm_lsp"), env=env, cwd=env["HOME"]) as client:
        client.initialize()
        client.open("file:///x/a.py", "x = \n")
        for _ in range(rounds):
            before = len(model.requests)
            params = {
                "textDocument": {"uri": "file:///x/a.py"},
                "position": {"line": 0, "character": 4},
                "context": {"triggerKind": 1},
            }
            request = client.request("textDocument/inlineCompletion", params)
            model.wait_for(before + 1)
            time.sleep(0.02 + random.random() / 50)
            began = time.monotonic()
            client.notify("$/cancelRequest", {"id": request})
            client.wait(request)
            replied.append(1000 * (time.monotonic() - began))
            closed.append(1000 * (model.wait_closed(before) - began))
        client.shutdown_and_exit()
    row("cancel → reply", f"{statistics.median(replied):.1f} ms (median), {max(replied):.1f} ms (most)")
    row("cancel → connection closed", f"{statistics.median(closed):.1f} ms (median), {max(closed):.1f} ms (most)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    python = parser.parse_args().python
    with tempfile.TemporaryDirectory() as home, ModelServer() as model:
        model.default = reply("<completion>3</completion>")
        env = environment(model.url, home)
        if python == sys.executable:
            env["PYTHONPATH"] = str(Path(__file__).parents[2])
        start_up(python, env)
        keystrokes(python, env)
        latency(python, env, model)
        cancels(python, env, model)


if __name__ == "__main__":
    main()
