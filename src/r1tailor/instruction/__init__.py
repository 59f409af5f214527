"""Documents and labels become instruction examples, split into train, validation and test."""
