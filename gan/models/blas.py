"""Holds NumPy's matrix products to one thread while a note is written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
_inside = 0
_limit: Any = None


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread a product, until the last of those that asked for it is done.

    The matrices of one note are too small to share: on idle cores a second thread wins next to
    nothing, and beside other work each product waits for the slower of two. A second block of
    phrases is the better use of a core (`benchmarks/writing.py`). The limit is the process's, so it
    is counted who asks.
    """
    global _inside, _limit
    with _lock:
        if _inside == 0:
            _limit = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()
