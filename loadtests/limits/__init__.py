"""Reference programs: what the same machine does when the shop is left out."""
