"""What it costs to look for secrets, and how often one is found where none is: `python -m tests.bench.redaction`. Clean
code is the standard library, adversarial text whatever makes a search look twice; false alarms are counted in what
packages ship. Printed, never asserted.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mm_lsp.redact import Redactor, find
from mm_lsp.text import Document, Position, Span
from tests.fuzz.test_secrets import ADVERSARIES
from tests.support.secrets import BODY, TOKENS

ROUNDS = 5
SIZE = 1_000_000
SUFFIXES = {".py", ".js", ".ts", ".json", ".md", ".txt", ".toml", ".yaml", ".cfg", ".c", ".h"}
NODE = Path("/usr/lib/node_modules")


def milliseconds(text: str) -> float:
    """Of CPU a megabyte, the best of a few."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        find(text)
        best = min(best, time.process_time() - began)
    return best * 1e9 / len(text)


def code() -> str:
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    return "".join(path.read_text("utf-8", "replace") for path in files)[: 4 * SIZE]


def dense() -> str:
    """A text of nothing but secrets, no two alike."""
    tokens = [token for _, token in TOKENS]
    lines = (
        f'password = "{BODY[at % 60 : at % 60 + 12]}{at}x"\n{tokens[at % len(tokens)]}{at}\n' for at in range(20_000)
    )
    return "".join(lines)[:SIZE]


def shipped() -> Iterator[tuple[str, Path]]:
    paths = sysconfig.get_paths()
    for name, root in (("site-packages", paths["purelib"]), ("stdlib", paths["stdlib"]), ("npm", NODE)):
        for path in sorted(Path(root).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and (name != "stdlib" or "site-packages" not in path.parts):
                yield name, path


def false_alarms() -> None:
    read, alarmed, kinds = Counter[str](), Counter[str](), Counter[str]()
    for name, path in shipped():
        try:
            found = find(path.read_text("utf-8"))
        except UnicodeDecodeError:
            continue
        read[name] += 1
        alarmed[name] += bool(found)
        kinds.update({finding.kind for finding in found})
        if found and "-v" in sys.argv:
            print(f"    {path}: {', '.join(sorted({finding.kind for finding in found}))}")
    for name, count in read.items():
        print(f"  {name:<15}{count:6} files {alarmed[name]:4} with an alarm {100 * alarmed[name] / count:6.2f} %")
    print(f"  by kind: {dict(kinds)}")


def first_use() -> None:
    """What a process pays once: the import, and the first search of a short and of a long text."""
    program = (
        "import time; a = time.perf_counter(); from mm_lsp.redact import find; b = time.perf_counter()\n"
        "find('INFO: started in /home/me'); c = time.perf_counter(); find('x = 1\\n' * 1000); d = time.perf_counter()\n"
        "print(*(f'{1000 * t:.1f} ms' for t in (b - a, c - b, d - c)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    print(f"import, first line of a log, first document: {done.stdout.strip()}")


def window(text: str) -> None:
    document = Document.of(text)
    middle = Position(len(document.lines) // 2, 0)
    began = time.process_time()
    for _ in range(20):
        Redactor().document(document, Span(middle, middle), 20_000)
    print(f"a document's 20,000 characters each way: {1000 * (time.process_time() - began) / 20:.2f} ms")


def main() -> None:
    text = code()
    print(f"clean code {milliseconds(text):.1f} ms a MB, not in ASCII alone {milliseconds(text + '中'):.1f}")
    window(text)
    first_use()
    costs = sorted(
        ((milliseconds(piece * (SIZE // len(piece))), repr(piece)[:60]) for piece in ADVERSARIES), reverse=True
    )
    for cost, piece in [(milliseconds(dense()), "nothing but secrets"), *costs[:20]]:
        print(f"  {cost:8.1f} ms a MB of {piece}")
    false_alarms()


if __name__ == "__main__":
    main()
