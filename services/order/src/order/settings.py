"""What the order service is told by its environment."""

from dataclasses import dataclass
from typing import Self

from chassis.settings import Environment, ServiceSettings


@dataclass(frozen=True, slots=True)
class Settings:
    service: ServiceSettings
    catalog_target: str

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(service=ServiceSettings.read(environment), catalog_target=environment.target("CATALOG_TARGET"))
