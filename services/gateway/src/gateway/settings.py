"""What the gateway is told by its environment."""

from dataclasses import dataclass, field
from typing import Self

from chassis.settings import ConnectionLimits, Environment, Network, ProcessSettings
from gateway.uploads import MAX_UPLOAD_BYTES, UploadLimits


@dataclass(frozen=True, slots=True)
class Settings:
    process: ProcessSettings
    connections: ConnectionLimits
    uploads: UploadLimits
    http_port: int
    catalog_target: str
    order_target: str
    account_target: str
    review_target: str
    redis_url: str = field(repr=False)
    stream_url: str = field(repr=False)
    max_vote_backlog: int
    cache_mode: str
    operator_token: str | None = field(repr=False)
    trusted_proxies: tuple[Network, ...]
    cors_origins: tuple[str, ...]
    anonymous_search_percent: int

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            process=ProcessSettings.read(environment),
            connections=ConnectionLimits.read(environment),
            uploads=_read_uploads(environment),
            http_port=environment.port("HTTP_PORT"),
            catalog_target=environment.target("CATALOG_TARGET"),
            order_target=environment.target("ORDER_TARGET"),
            account_target=environment.target("ACCOUNT_TARGET"),
            review_target=environment.target("REVIEW_TARGET"),
            redis_url=environment.redis_url("REDIS_URL"),
            stream_url=environment.redis_url("STREAM_URL"),
            max_vote_backlog=environment.count("MAX_VOTE_BACKLOG", 1_000_000),
            cache_mode=environment.choice("CACHE_MODE", ("off", "shared", "tiered"), "tiered"),
            operator_token=environment.text("AGORA_OPERATOR_TOKEN", "") or None,
            trusted_proxies=environment.networks("AGORA_TRUSTED_PROXIES"),
            cors_origins=environment.origins("AGORA_CORS_ORIGINS"),
            anonymous_search_percent=environment.count("ANONYMOUS_SEARCH_PERCENT", 25),
        )


def _read_uploads(environment: Environment) -> UploadLimits:
    usual = UploadLimits()

    def size(name: str, default: int) -> int:
        return environment.count(name, default, low=MAX_UPLOAD_BYTES, high=2**40)

    return UploadLimits(
        bytes=size("MAX_UPLOADING_BYTES", usual.bytes),
        bytes_per_client=size("MAX_UPLOADING_BYTES_PER_CLIENT", usual.bytes_per_client),
    )
