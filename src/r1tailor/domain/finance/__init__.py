"""Markets as they were known at the time: features, labels, crises, questions."""
