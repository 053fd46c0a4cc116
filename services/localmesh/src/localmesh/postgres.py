"""The embedded PostgreSQL: its data directory, command line, databases and readiness."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from localmesh.account import database_account, hand_over
from localmesh.binaries import postgres_binary
from localmesh.errors import StartupError
from localmesh.launch import launch
from localmesh.ports import HOST

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAILURE = re.compile("error:|ERROR:|FATAL:|PANIC:")
INITDB_OPTIONS = [
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--text-search-config=english",
    "--no-instructions",
]


@dataclass(frozen=True)
class Postgres:
    directory: Path
    port: int
    password: str
    durable: bool = True

    stop_signal = signal.SIGINT  # "fast": ends the sessions, writes a checkpoint

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def dsn(self, database: str, role: str = SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{role}:{password or self.password}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        if self.directory.exists():
            self._refuse_another_major()
        else:
            self._initialise()
        hand_over(self.directory)

    def launch(self, output: int) -> Popen[bytes]:
        settings = SETTINGS | {"port": str(self.port), "fsync": "on" if self.durable else "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = [str(postgres_binary("postgres")), "-D", str(self.data), *options]
        return launch(program, output=output, account=database_account(), end_signal=self.stop_signal)

    def is_ready(self, pid: int) -> bool:
        """Reads what ``pg_ctl`` reads: the server notes its state in the last line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]

    def run_sql(self, script: str) -> None:
        """Runs a psql script as the superuser. The password travels in the environment, which ``ps`` does not show."""
        address = f"postgresql://{SUPERUSER}@{HOST}:{self.port}/postgres"
        done = subprocess.run(  # noqa: S603
            [str(postgres_binary("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", address],
            input=script,
            text=True,
            capture_output=True,
            env=os.environ | {"PGPASSWORD": self.password},
            check=False,
        )
        if done.returncode != 0:
            raise StartupError(f"PostgreSQL refused the preparation of its databases: {_reason(done.stderr)}")

    def _initialise(self) -> None:
        """Builds the data directory under another name, so that an interrupted start leaves no half of one."""
        unfinished = self.directory.with_name(f"{self.directory.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file = unfinished / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        hand_over(unfinished)
        self._run_initdb(unfinished / "data", password_file)
        password_file.unlink()
        unfinished.rename(self.directory)

    def _run_initdb(self, data: Path, password_file: Path) -> None:
        options = [*INITDB_OPTIONS, f"--pwfile={password_file}", *([] if self.durable else ["--no-sync"])]
        with tempfile.TemporaryFile() as output:
            program = [str(postgres_binary("initdb")), "-D", str(data), *options]
            failed = launch(program, output=output.fileno(), account=database_account()).wait() != 0
            output.seek(0)
            if failed:
                raise StartupError(f"initdb failed: {_reason(output.read().decode(errors='replace'))}")

    def _refuse_another_major(self) -> None:
        command = [str(postgres_binary("postgres")), "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
        installed = version.split()[-1].partition(".")[0]
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != installed:
            raise StartupError(
                f"{self.data} was written by PostgreSQL {found}, but PostgreSQL {installed} is installed:"
                f" move {self.directory} away to start with an empty database"
            )


def _reason(output: str) -> str:
    """The line that names the failure; hints and what is cleaned up after it follow it."""
    lines = [line for line in output.splitlines() if line.strip()] or ["no reason given"]
    return next((line for line in lines if FAILURE.search(line)), lines[-1])
