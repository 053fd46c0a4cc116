"""Why the account service refuses."""

from chassis.errors import AlreadyExists, ResourceExhausted, Unauthenticated


class UsernameTaken(AlreadyExists):
    reason = "USERNAME_TAKEN"

    def __init__(self) -> None:
        super().__init__("the username is taken")


class WrongCredentials(Unauthenticated):
    """Does not tell which of the two is wrong, so that nobody learns which usernames exist."""

    reason = "WRONG_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("username or password is wrong")


class TooManySignIns(ResourceExhausted):
    reason = "TOO_MANY_SIGN_INS"

    def __init__(self) -> None:
        super().__init__("too many people sign in at this moment, try again in a few seconds")
