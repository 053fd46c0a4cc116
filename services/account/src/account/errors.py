"""Why the account service refuses."""

from chassis.errors import RETRY_AFTER_S, AlreadyExists, ResourceExhausted, Unauthenticated


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


class TooManyAttempts(ResourceExhausted):
    """The same for accounts that exist and for those that do not."""

    reason = "TOO_MANY_ATTEMPTS"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts, try again in {retry_after_s} s", {RETRY_AFTER_S: str(retry_after_s)})
