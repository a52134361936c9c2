"""`mm-lsp` and `python -m mm_lsp`."""

from __future__ import annotations

import sys


def main() -> None:
    from mm_lsp.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
