"""Load and fault experiments against a running mesh."""
