"""Caching of reads: a local tier in this process, a shared one in Redis, and what keeps both from telling old news."""
