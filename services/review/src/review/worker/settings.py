"""What the worker is told by its environment."""

from dataclasses import dataclass, field
from typing import Self

from chassis.settings import Environment, ProcessSettings


@dataclass(frozen=True, slots=True)
class Settings:
    process: ProcessSettings
    database_url: str = field(repr=False)
    pool_size: int
    redis_url: str = field(repr=False)
    stream_url: str = field(repr=False)

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            process=ProcessSettings.read(environment),
            database_url=environment.url("DATABASE_URL", "postgresql", "postgres"),
            pool_size=environment.count("DATABASE_POOL_SIZE", 2, high=100),
            redis_url=environment.redis_url("REDIS_URL"),
            stream_url=environment.redis_url("STREAM_URL"),
        )
