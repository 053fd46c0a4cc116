"""An embedded Valkey server: its configuration file, command line and readiness."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from localmesh.binaries import valkey_binary
from localmesh.launch import launch
from localmesh.ports import HOST

CACHE_RULES = """
save ""
appendonly no
maxmemory 64mb
maxmemory-policy allkeys-lru
"""
STREAM_RULES = """
save ""
appendonly yes
appendfsync always
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    directory: Path
    port: int
    password: str
    rules: str

    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        """The password stands in a file of mode 0600, not on the command line, which everyone can read."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self.directory / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\n{self.rules}")

    def launch(self, output: int) -> Popen[bytes]:
        program = [str(valkey_binary()), "valkey.conf"]
        return launch(program, output=output, end_signal=self.stop_signal, directory=self.directory)

    def is_ready(self, _pid: int) -> bool:
        """False also while the append-only file is still being loaded."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in connection.makefile("rb").read()
        except OSError:
            return False
