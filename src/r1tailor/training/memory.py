"""The C allocator, told to keep what a training step frees."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """Tell glibc to reuse freed blocks instead of returning them to the system.

    A training step allocates and frees the same large buffers again and again; if each goes back to the kernel, every
    page has to be faulted in again. Without glibc this does nothing.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, 2**31 - 1)
            mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
