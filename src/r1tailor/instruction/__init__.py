"""Documents and labels become instruction examples in the parts train, validation and test."""
