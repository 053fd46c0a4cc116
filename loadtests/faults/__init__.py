"""Fault experiments: scenarios that break a mesh while it sells, and the checker that decides what they proved."""
