"""The evidence: base and tuned model on the same held-out items, with intervals and paired tests."""
