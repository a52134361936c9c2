"""llama.cpp's own server, which speaks OpenAI's dialect, with the small model of `weights`: a process of its own.

`python -m tests.support.llamacpp` is that process: it writes its address when it is ready, and ends with its input.
"""

import argparse
import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.weights import smollm2

_START = 60.0  # seconds until it is ready, at most
_KEY = "LLAMACPP_TEST_KEY"  # the child's variable: a command line can be read by everyone
_ROOT = Path(__file__).resolve().parents[2]


class LlamaServer:
    """One slot, `context` tokens, on loopback, on a port that the system chooses; `key` is the only one it takes."""

    def __init__(self, key: str, context: int = 512) -> None:
        self.key = key
        self._options = ("--model", str(smollm2()), "--context", str(context))

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.llamacpp", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=_ROOT,
            # Threads that spin while they wait would starve the client on a small machine.
            env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE", _KEY: self.key},
        )
        try:
            self._root = self._address()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._log.close()

    @property
    def url(self) -> str:
        return f"{self._root}/v1"

    async def is_busy(self) -> bool:
        """Whether its slot is at work."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {self.key}"}, trust_env=False) as client:
            (slot,) = (await client.get(f"{self._root}/slots")).json()
        return slot["is_processing"]

    def _address(self) -> str:
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: lines.put(self._process.stdout.readline()), daemon=True).start()  # type: ignore[union-attr]
        try:
            line = lines.get(timeout=_START).strip()
        except queue.Empty:
            line = ""
        if line.startswith("http://127.0.0.1:"):
            return line
        self._log.seek(0)
        raise AssertionError(f"llama.cpp's server did not start: {line} {self._log.read()[-2000:]}")


def _engine() -> Any:
    """Its wheel brings all it needs but one library, which small systems do without."""
    try:
        import xllamacpp
    except ImportError as error:
        hint = " (on Debian: `apt-get install libgomp1`)" if "libgomp" in str(error) else ""
        sys.exit(f"xllamacpp can't be imported: {error}{hint}")
    return xllamacpp


def _parameters(engine: Any, model: str, context: int, key: str) -> Any:
    params = engine.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.n_ctx = context
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = 128  # between two batches it sees that a client has left
    params.n_threads_http = 4
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.endpoint_slots = True
    params.use_jinja = True
    params.fit_params = params.warmup = False
    params.ui = False
    params.verbosity = 1
    return params


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--context", type=int, required=True)
    given = parser.parse_args()
    engine = _engine()
    server = engine.Server(_parameters(engine, given.model, given.context, os.environ[_KEY]))
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # its destructor waits for what it is still generating


if __name__ == "__main__":
    main()
