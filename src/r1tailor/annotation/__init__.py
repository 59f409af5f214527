"""Annotation: tasks go out to the tools, votes come back, agreement is measured, gold labels are decided."""

from r1tailor.annotation.gold import Gold, annotate, settle

__all__ = ["Gold", "annotate", "settle"]
