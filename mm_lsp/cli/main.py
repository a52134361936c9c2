"""`mm-lsp …`: which call is meant. Exit codes: 0 done, 1 refused, 2 bad usage or settings, 130 cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from mm_lsp import __version__

if TYPE_CHECKING:
    import argparse

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def run(argv: Sequence[str]) -> int:
    """The exit code."""
    if not [word for word in argv if word not in ("serve", "--stdio")]:  # what editors call need not wait for argparse
        _serve_on(None, None)
    given = _parser().parse_args(list(argv))
    chosen: Callable[[argparse.Namespace], int] = getattr(given, "call", _serve)
    return chosen(given)


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="mm-lsp",
        description="A coding assistant over the Language Server Protocol. Without a command: the server, on stdio.",
        epilog="Documentation, editor set-up and settings: README.md of the distribution.",
    )
    parser.add_argument("--version", action="version", version=f"mm-lsp {__version__}")
    _serve_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    serve = commands.add_parser("serve", help="the language server (the default)")
    _serve_options(serve, argparse.SUPPRESS)  # what stands before the word counts too
    serve.set_defaults(call=_serve)
    complete = commands.add_parser("complete", help="prints the suggestion at a place")
    complete.add_argument("place", metavar="FILE:LINE:COL", help="line and column count from 1")
    complete.set_defaults(call=_complete)
    explain = commands.add_parser("explain", help="explains a file or some lines of it")
    explain.add_argument("place", metavar="FILE[:L1[-L2]]")
    explain.set_defaults(call=_explain)
    edit = commands.add_parser("edit", help="prints the diff of an edit")
    edit.add_argument("place", metavar="FILE[:L1[-L2]]")
    edit.add_argument("instruction", help="what to change, in your own words")
    edit.add_argument("--write", action="store_true", help="write the file")
    edit.set_defaults(call=_edit)
    usage = commands.add_parser("usage", help="tokens, cost and times of what was asked")
    usage.add_argument("--days", type=int, default=7, help="today and the days before it (7)")
    usage.add_argument("--files", action="store_true", help="of which files text was sent, instead")
    usage.add_argument("--html", metavar="FILE", help="write a page instead")
    usage.set_defaults(call=_usage)
    doctor = commands.add_parser("doctor", help="checks settings, network, key and model, and says what to do")
    doctor.add_argument("--record", metavar="FILE", help="save the raw answer, without the key, for a bug report")
    doctor.set_defaults(call=_doctor)
    context = commands.add_parser("context", help="what would be sent for a place, and where each part comes from")
    context.add_argument("place", metavar="FILE:LINE:COL", help="line and column count from 1")
    context.add_argument("--for", dest="purpose", choices=("complete", "explain", "edit"), default="complete")
    context.set_defaults(call=_context)
    rules = commands.add_parser("rules", help="which rule files, skills and commands apply to a file, and why")
    rules.add_argument("file", metavar="FILE", nargs="?")
    rules.set_defaults(call=_rules)
    trust = commands.add_parser("trust", help="lets a workspace's rule files steer the model")
    trust.add_argument("directory", metavar="DIR", nargs="?", default=".")
    trust.add_argument("--revoke", action="store_true")
    trust.set_defaults(call=_trust)
    return parser


def _serve_options(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    parser.add_argument(
        "--stdio", action="store_true", default=default, help="talk over stdin and stdout (the default)"
    )
    parser.add_argument(
        "--tcp", metavar="HOST:PORT", default=default, help="wait for one client on a loopback address, for debugging"
    )
    parser.add_argument(
        "--clientProcessId", metavar="PID", type=int, default=default, help="end when this process ends"
    )


def _serve(given: argparse.Namespace) -> NoReturn:
    _serve_on(given.tcp, given.clientProcessId)


def _serve_on(address: str | None, parent_id: int | None) -> NoReturn:
    """Never returns through the interpreter's own end: a thread that hangs must not hold the process."""
    import gc
    import logging
    import os
    import sys

    gc.disable()  # what is imported stays: looking through it again and again delays the first answer

    from mm_lsp.server import log, transport

    log.start()
    read, write = _tcp(address) if address is not None else transport.stdio()
    from mm_lsp.server.launch import serve

    code = serve(read, write, parent_id)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


def _tcp(address: str) -> tuple[Callable[[int], bytes], Callable[[memoryview], int]]:
    from mm_lsp.server import transport

    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if host not in _LOOPBACK or not port.isdigit() or int(port) > 65535:
        _misuse(f"--tcp takes HOST:PORT with a host of {', '.join(_LOOPBACK)}: {address} is not that.")
    try:
        return transport.accept_tcp(host, int(port))
    except OSError as error:
        _misuse(f"{address} can't be listened on: {(error.strerror or str(error)).lower()}.")


def _complete(given: argparse.Namespace) -> int:
    from mm_lsp.cli import calls

    return calls.complete(given.place)


def _explain(given: argparse.Namespace) -> int:
    from mm_lsp.cli import calls

    return calls.explain(given.place)


def _edit(given: argparse.Namespace) -> int:
    from mm_lsp.cli import calls

    return calls.edit(given.place, given.instruction, given.write)


def _trust(given: argparse.Namespace) -> int:
    from mm_lsp.cli import calls

    return calls.trust(given.directory, given.revoke)


def _usage(given: argparse.Namespace) -> int:
    from mm_lsp.cli import usage

    return usage.files(given.days) if given.files else usage.usage(given.days, given.html)


def _context(given: argparse.Namespace) -> int:
    from mm_lsp.cli import context

    return context.context(given.place, given.purpose)


def _rules(given: argparse.Namespace) -> int:
    from mm_lsp.cli import context

    return context.rules(given.file)


def _doctor(given: argparse.Namespace) -> int:
    from mm_lsp.cli import doctor

    return doctor.doctor(given.record)


def _misuse(sentence: str) -> NoReturn:
    from mm_lsp.cli.render import complain

    complain(sentence)
    raise SystemExit(2)
