"""Whether another process is still there."""

from __future__ import annotations

import os
from typing import Any


def is_alive(process_id: int) -> bool:
    if os.name == "nt":
        return _is_alive_on_windows(process_id)
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _is_alive_on_windows(process_id: int) -> bool:
    """os.kill(…, 0) would end the process there."""
    import ctypes

    synchronize, timed_out = 0x100000, 0x102
    kernel: Any = vars(ctypes)["windll"].kernel32
    handle: int = kernel.OpenProcess(synchronize, False, process_id)
    if not handle:
        return False
    state: int = kernel.WaitForSingleObject(handle, 0)
    kernel.CloseHandle(handle)
    return state == timed_out
