"""The daily update."""
