"""What reading a stream costs: `python -m tests.bench.stream`. Our client, a bare httpx loop and, where it is installed
(`pip install openai`), the openai SDK read the same bytes in turn, from a server in another process. Printed, never
asserted; the ratios of one run mean more than its microseconds.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import Message, ModelRequest, TextDelta
from mm_lsp.settings import ModelSettings, Settings

ROUNDS = 7
SHAPES = {"20,000 small events": (20_000, 4), "1 MB in 8,000 events": (8_000, 128), "1 MB in 64 events": (64, 16_384)}
_SERVER = """
import socket, sys, threading
body = sys.stdin.buffer.read()
head = b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def serve(connection):
    data = b""
    while True:
        while b"\\r\\n\\r\\n" not in data:
            more = connection.recv(65536)
            if not more:
                return connection.close()
            data += more
        top, _, data = data.partition(b"\\r\\n\\r\\n")
        length = int(next(l for l in top.lower().split(b"\\r\\n") if l.startswith(b"content-length")).split(b":")[1])
        while len(data) < length:
            data += connection.recv(65536)
        data = data[length:]
        connection.sendall(head + body)
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
"""
Read = Callable[[], Awaitable[int]]


def stream_of(events: int, size: int) -> bytes:
    def frame(choices: list[Any], **extra: Any) -> bytes:
        chunk = {"id": "gen-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
        return b"data: " + json.dumps({**chunk, **extra}).encode() + b"\n\n"

    texts = (f"{number:06d}".ljust(size, "x")[:size] for number in range(events))
    deltas = [{"index": 0, "delta": {"content": text}, "finish_reason": None} for text in texts]
    usage = {"prompt_tokens": 1, "completion_tokens": events, "total_tokens": events + 1}
    end = frame([{"index": 0, "delta": {}, "finish_reason": "stop"}]) + frame([], usage=usage) + b"data: [DONE]\n\n"
    return b"".join(frame([delta]) for delta in deltas) + end


async def bare(client: httpx.AsyncClient, url: str) -> int:
    """What anybody would write first."""
    length = 0
    payload = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    async with client.stream("POST", f"{url}/chat/completions", json=payload) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                for choice in json.loads(line[6:])["choices"]:
                    length += len(choice["delta"].get("content") or "")
    return length


async def ours(model: OpenAIModel) -> int:
    length = 0
    async with model.stream(ModelRequest((Message("user", "hello"),), "explain", 1000)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                length += len(event.text)
    return length


async def sdk(client: Any) -> int:
    length = 0
    messages = [{"role": "user", "content": "hello"}]
    async for chunk in await client.chat.completions.create(model="m", messages=messages, stream=True):
        for choice in chunk.choices:
            length += len(choice.delta.content or "")
    return length


async def compare(url: str, events: int, size: int) -> dict[str, list[float]]:
    model = OpenAIModel(Settings(ModelSettings(base_url=url, name="m")))
    client = httpx.AsyncClient(trust_env=False)
    readers: dict[str, Read] = {"mm-lsp": lambda: ours(model), "bare httpx": lambda: bare(client, url)}
    if importlib.util.find_spec("openai"):
        import openai  # pyright: ignore[reportMissingImports]

        other = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        readers["openai SDK"] = lambda: sdk(other)
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for turn in range(ROUNDS + 2):
        for name, read in readers.items():
            began = time.process_time()
            length = await read()
            assert length == events * size, (name, length)
            if turn >= 2:
                seconds[name].append(time.process_time() - began)
    await model.aclose()
    await client.aclose()
    return seconds


def measure(title: str, events: int, size: int) -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(stream_of(events, size))
        server.stdin.close()
        port = int(server.stdout.readline())
        seconds = asyncio.run(compare(f"http://127.0.0.1:{port}/v1", events, size))
        server.kill()
    base = statistics.median(seconds["bare httpx"])
    print(title)
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        told = f"{1e6 * middle / events:8.1f} µs of CPU an event {1000 * middle:8.1f} ms in all {middle / base:6.2f} ×"
        print(f"  {name:<12}{told}")


def import_time(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(7)]
    return statistics.median(float(run.stdout) for run in runs)


def main() -> None:
    for title, (events, size) in SHAPES.items():
        measure(title, events, size)
    for module in (
        "mm_lsp.llm.openai",
        "httpx",
        "pydantic",
        *(["openai"] if importlib.util.find_spec("openai") else []),
    ):
        print(f"import {module:<20}{1000 * import_time(module):8.0f} ms")


if __name__ == "__main__":
    main()
