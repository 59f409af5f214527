"""R1 and its family: loading, architectures, attention over packed rows."""
