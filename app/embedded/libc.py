"""The C library, for what Linux offers and Python does not; None elsewhere.

Loaded before any fork: a forked child may not import, allocate locks or open libraries.
"""

import ctypes
import sys

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
if LIBC is not None:
    LIBC.sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
