"""The gateway: its parts, and all of it together."""
