"""What the account service is told by its environment."""

from dataclasses import dataclass, field
from typing import Self

from account.attempts import AttemptLimits
from chassis.settings import Environment, ServiceSettings


@dataclass(frozen=True, slots=True)
class Settings:
    service: ServiceSettings
    redis_url: str = field(repr=False)
    attempt_limits: AttemptLimits

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            service=ServiceSettings.read(environment),
            redis_url=environment.redis_url("REDIS_URL"),
            attempt_limits=read_attempt_limits(environment),
        )


def read_attempt_limits(environment: Environment) -> AttemptLimits:
    usual = AttemptLimits()
    return AttemptLimits(
        account_failures=environment.count("SIGN_IN_FAILURES_PER_ACCOUNT", usual.account_failures, low=5),
        address_failures=environment.count("SIGN_IN_FAILURES_PER_ADDRESS", usual.address_failures),
        address_sign_ups=environment.count("SIGN_UPS_PER_ADDRESS", usual.address_sign_ups),
    )
