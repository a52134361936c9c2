"""How long the rules of a file take: `python -m tests.bench.rules`."""

import statistics
import tempfile
import time
from pathlib import Path

from mm_lsp.rulebook.rules import assemble
from mm_lsp.rulebook.rules.assembly import Wishes
from mm_lsp.workspace.rule_files import RuleFiles

_RULES, _TIMES = 1000, 200
_RULE = "---\ndescription: rule {0}\nglobs: src/m{0}/**/*.ts, **/*.x{0}\nalwaysApply: false\n---\n# Rule {0}\n{1}"
_TARGET = "src/m5/a.ts"


def _workspace(root: Path) -> Path:
    folder = root / ".cursor" / "rules"
    folder.mkdir(parents=True)
    for number in range(_RULES):
        (folder / f"r{number}.mdc").write_text(_RULE.format(number, "Be strict.\n" * 40))
    return folder


def _look(files: RuleFiles, root: Path) -> float:
    """Milliseconds from the disk to the assembled rules."""
    began = time.perf_counter()
    found = files.collect(root / _TARGET, root, {}, lambda _, __: None)
    assert len(assemble(found.rules, _TARGET, Wishes()).applied) == 1
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        folder = _workspace(root)
        files = RuleFiles(None)
        print(f"{_RULES} rule files, first look: {_look(files, root):.1f} ms")
        (folder / "r7.mdc").write_text(_RULE.format(7, "Changed.\n"))
        print(f"one of them changed: {_look(files, root):.1f} ms")
        times = sorted(_look(files, root) for _ in range(_TIMES))
        p99 = times[int(0.99 * len(times))]
        print(f"nothing changed: p50 {statistics.median(times):.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
