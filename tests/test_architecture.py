"""The laws of the house that no other tool looks after."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mm_lsp import prompts

HOUSE = Path(__file__).parents[1]
MODULES = sorted((HOUSE / "mm_lsp").rglob("*.py"))
PROMPTS = sorted((HOUSE / "mm_lsp" / "prompts").glob("*.md"))
LAZY = ("httpx", "httpcore", "pydantic", "platformdirs", "rich", "rapidfuzz")
# pygls, lsprotocol, and what these import.
EARLY = ("mm_lsp", "pygls", "lsprotocol", "attr", "attrs", "cattr", "cattrs", "typing_extensions")

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(HOUSE).as_posix())


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], cwd=HOUSE, capture_output=True, text=True, check=False, timeout=60)


def test_imports_point_down():
    done = run(Path(sys.executable).with_name("lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout


@each_module
def test_a_module_can_be_read_in_one_sitting(module: Path):
    assert len(module.read_text("utf-8").splitlines()) <= 300


@each_module
def test_only_the_terminal_prints(module: Path):
    """Elsewhere stdout is the wire, and stderr is the log's."""
    calls = [node for node in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(node, ast.Call)]
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    if "cli" not in module.parts:
        assert all("file=sys.stderr" in ast.unparse(call) for call in prints)


def test_nothing_heavy_is_imported_before_initialize_is_answered():
    code = "import sys, mm_lsp.cli.main, mm_lsp.server.transport, mm_lsp.server.launch; print(*sys.modules)"
    done = run(sys.executable, "-c", code)
    assert not set(LAZY) & set(done.stdout.split())


# A server whose imports of anything but the standard library and EARLY wait for the answer to `initialize`: what
# waits in vain is needed too early.
WATCHED = """
import importlib.machinery, json, sys, threading
answered, early = threading.Event(), []
allowed = {*sys.stdlib_module_names, *EARLY}

class Watch:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and importlib.machinery.PathFinder.find_spec(top) and not answered.wait(3):
            early.append(name)

sys.meta_path.insert(0, Watch())
from mm_lsp.server.launch import serve
from mm_lsp.server.transport import encode_frame

params = {"processId": None, "rootUri": None, "capabilities": {}}
frames = [encode_frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})]

def read(size):
    return frames.pop() if frames else b"" if answered.wait(20) else b""

def write(data):
    if b'"result"' in bytes(data):
        answered.set()
    return len(data)

serve(read, write)
print(json.dumps([answered.is_set(), early]))
"""


def test_initialize_is_answered_with_the_standard_library_and_lsps_own_packages_alone():
    done = run(sys.executable, "-c", WATCHED.replace("EARLY", repr(EARLY)))
    assert done.stdout.strip() == "[true, []]", done.stderr


@pytest.mark.parametrize("file", PROMPTS, ids=lambda path: path.stem)
def test_every_prompt_renders(file: Path):
    names = set(re.findall(r"\{\{(\w+)\}\}", file.read_text("utf-8")))
    system, user = prompts.render(file.stem, **{name: f"<{name}>" for name in names})
    filled = system.content + user.content
    assert "{{" not in filled
    assert all(f"<{name}>" in filled for name in names)
    assert system.content
    assert user.content


def test_the_map_names_every_room():
    written = (HOUSE / "mm_lsp" / "README.md").read_text("utf-8")
    for place in (HOUSE / "mm_lsp").iterdir():
        if (place.suffix == ".py" and place.stem != "__init__") or (place.is_dir() and place.name != "__pycache__"):
            assert f"`{place.stem}" in written, place.name
