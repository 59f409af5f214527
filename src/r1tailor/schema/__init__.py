"""Every section of the configuration, in the order of the data's way.

The models are frozen and refuse unknown keys. A section that comes in several kinds is tagged by ``kind``.
Values are checked here, once; everything below can rely on them. This room imports neither Hydra nor torch,
so a faulty configuration is refused within a second.
"""
