"""What the monolith is told by its environment."""

from dataclasses import dataclass, field
from typing import Self

from account.attempts import AttemptLimits
from account.settings import read_attempt_limits
from chassis.settings import ConnectionLimits, Environment, ProcessSettings


@dataclass(frozen=True, slots=True)
class Settings:
    process: ProcessSettings
    connections: ConnectionLimits
    port: int
    pool_size: int
    account_database_url: str = field(repr=False)
    catalog_database_url: str = field(repr=False)
    order_database_url: str = field(repr=False)
    review_database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    attempt_limits: AttemptLimits = field(default_factory=AttemptLimits)

    @classmethod
    def read(cls, environment: Environment) -> Self:
        def database_url(owner: str) -> str:
            return environment.url(f"{owner}_DATABASE_URL", "postgresql", "postgres")

        return cls(
            process=ProcessSettings.read(environment),
            connections=ConnectionLimits.read(environment),
            port=environment.port("MONOLITH_PORT"),
            pool_size=environment.count("DATABASE_POOL_SIZE", 10, high=100),
            account_database_url=database_url("ACCOUNT"),
            catalog_database_url=database_url("CATALOG"),
            order_database_url=database_url("ORDER"),
            review_database_url=database_url("REVIEW"),
            redis_url=environment.redis_url("REDIS_URL"),
            attempt_limits=read_attempt_limits(environment),
        )
