"""Why a mesh cannot be started, reached or told something: the message is for a person."""


class MeshError(Exception):
    """The mesh cannot do what was asked."""

    exit_code = 1


class StartupError(MeshError):
    """The mesh did not become ready."""


class UsageError(MeshError):
    """The command line asks for something that cannot exist."""

    exit_code = 2
