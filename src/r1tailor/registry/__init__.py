"""Versions: what was trained, from which data and settings, how good it is, and which one is promoted.

A *version* is a folder without number or time (``outputs/<domain>/register``): DVC stores, pushes and restores it.
A *registry* is local. It numbers the versions that it has seen, keeps their files by content and records which one
is promoted. It can be rebuilt from versions, promotions excepted.
"""

from r1tailor.registry.opening import open_registry
from r1tailor.registry.registry import Registry
from r1tailor.registry.version import Version

__all__ = ["Registry", "Version", "open_registry"]
