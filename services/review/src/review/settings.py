"""What the review service is told by its environment."""

from dataclasses import dataclass
from typing import Self

from chassis.settings import Environment, ServiceSettings


@dataclass(frozen=True, slots=True)
class Settings:
    service: ServiceSettings
    order_target: str

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(service=ServiceSettings.read(environment), order_target=environment.target("ORDER_TARGET"))
