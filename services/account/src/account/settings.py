"""What the account service is told by its environment."""

from dataclasses import dataclass
from typing import Self

from chassis.settings import Environment, ServiceSettings


@dataclass(frozen=True, slots=True)
class Settings:
    service: ServiceSettings
    redis_url: str

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(service=ServiceSettings.read(environment), redis_url=environment.url("REDIS_URL", "redis", "rediss"))
