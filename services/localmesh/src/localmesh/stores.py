"""The three stores of a mesh, and one database with a role of its own for each service that has one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from localmesh.credentials import credential
from localmesh.ports import PortBlock
from localmesh.postgres import Postgres
from localmesh.state import StateDirectory
from localmesh.valkey import CACHE_RULES, STREAM_RULES, Valkey

DATABASE_SCRIPT = """
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \\gexec
ALTER ROLE :"name" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
"""


@dataclass(frozen=True)
class Stores:
    state: StateDirectory
    postgres: Postgres
    cache: Valkey
    stream: Valkey

    @classmethod
    def of(cls, state: StateDirectory, ports: PortBlock) -> "Stores":
        return cls(
            state,
            Postgres(state.postgres, ports.take(), credential(state.secrets, "postgres")),
            Valkey(state.cache, ports.take(), credential(state.secrets, "cache"), CACHE_RULES),
            Valkey(state.stream, ports.take(), credential(state.secrets, "stream"), STREAM_RULES),
        )

    def named(self) -> dict[str, Postgres | Valkey]:
        return {"postgres": self.postgres, "cache": self.cache, "stream": self.stream}

    def at(self, ports: Mapping[str, int]) -> "Stores":
        """Return the same stores at other ports, for a caller that reaches them through proxies."""
        return replace(
            self,
            postgres=replace(self.postgres, port=ports.get("postgres", self.postgres.port)),
            cache=replace(self.cache, port=ports.get("cache", self.cache.port)),
            stream=replace(self.stream, port=ports.get("stream", self.stream.port)),
        )

    def prepare_databases(self, databases: Iterable[str]) -> None:
        """Sets the passwords each time: a role then always has the one of its file."""
        self.postgres.run_sql("".join(self._script(database) for database in databases))

    def database_url(self, database: str) -> str:
        return self.postgres.dsn(database, role=database, password=self._role_password(database))

    def _script(self, database: str) -> str:
        return f"\\set name {database}\n\\set password {self._role_password(database)}\n{DATABASE_SCRIPT}"

    def _role_password(self, role: str) -> str:
        return credential(self.state.secrets, f"postgres-{role}")
