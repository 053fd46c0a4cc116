"""Why the monolith itself refuses, before a use case is asked. The reasons are the gateway's where it has the same."""

from chassis.errors import InvalidArgument, PermissionDenied, ResourceExhausted, Unauthenticated


class SessionRequired(Unauthenticated):
    reason = "SESSION_REQUIRED"

    def __init__(self) -> None:
        super().__init__("sign in and send the token in each frame")


class SessionEnded(Unauthenticated):
    reason = "SESSION_ENDED"

    def __init__(self) -> None:
        super().__init__("the token belongs to no live session, sign in again")


class WrongRole(PermissionDenied):
    reason = "WRONG_ROLE"

    def __init__(self, needed: str) -> None:
        super().__init__(f"only a {needed} may do this", {"role": needed})


class UnreadableFrame(InvalidArgument):
    """The connection is closed after this."""

    reason = "UNREADABLE_FRAME"


class TooManyConnections(ResourceExhausted):
    """The connection is closed after this."""

    reason = "TOO_MANY_CONNECTIONS"

    def __init__(self) -> None:
        super().__init__("all connections are in use, try again")


class UnreadablePayload(InvalidArgument):
    reason = "UNREADABLE_PAYLOAD"

    def __init__(self, message_name: str) -> None:
        super().__init__(f"the payload is no {message_name}")
