"""What the review service is told by its environment."""

from dataclasses import dataclass, field
from typing import Self

from chassis.settings import Environment, ServiceSettings


@dataclass(frozen=True, slots=True)
class Settings:
    service: ServiceSettings
    order_target: str
    redis_url: str = field(repr=False)

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            service=ServiceSettings.read(environment),
            order_target=environment.target("ORDER_TARGET"),
            redis_url=environment.redis_url("REDIS_URL"),
        )
