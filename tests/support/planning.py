"""Plans of toy compositions."""

from r1tailor import config
from r1tailor.planning.memory_trace import Row
from r1tailor.planning.plan import Plan, plan
from tests.conftest import ROOT

TOYS = ("tiny_llama", "tiny_qwen2", "tiny_deepseek_v3")
ROW = Row(positions=256, width=32, shared=32)
LARGER = ["model=tiny_llama", "model.hidden_size=256", "model.layers=16"]


def planned(*overrides: str, row: Row | None = ROW) -> Plan:
    """Return the plan of a composition."""
    return plan(config.load(list(overrides)), ROOT, row=row)
