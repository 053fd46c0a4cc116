"""The `agora` command: the shop over REST, for people and for scripts."""
