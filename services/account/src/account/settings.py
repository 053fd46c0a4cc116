"""What the account service is told by its environment."""

from dataclasses import dataclass, field
from typing import Self

from chassis.settings import Environment, ServiceSettings


@dataclass(frozen=True, slots=True)
class Settings:
    service: ServiceSettings
    redis_url: str = field(repr=False)

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(service=ServiceSettings.read(environment), redis_url=environment.redis_url("REDIS_URL"))
