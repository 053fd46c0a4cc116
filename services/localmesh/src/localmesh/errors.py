"""Why a mesh cannot be started, reached or told something: each message is one line for a person."""


class MeshError(Exception):
    """The mesh cannot do what was asked."""


class StartupError(MeshError):
    """The mesh did not become ready."""
