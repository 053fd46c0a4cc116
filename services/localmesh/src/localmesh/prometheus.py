"""A Prometheus beside the mesh: found on the PATH, told of every process, with the rules of the chart's alerts."""

import http.client
import json
import shutil
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from localmesh.errors import UsageError
from localmesh.launch import launch
from localmesh.ports import HOST
from localmesh.replicas import Replica

SCRAPE_EVERY = "5s"
RETENTION = "1d"
ALERTS = Path(__file__).resolve().parents[4] / "charts" / "agora" / "alerts"


@dataclass(frozen=True)
class Prometheus:
    """Whoever puts a file of targets into ``targets`` is scraped too, such as a load generator."""

    directory: Path
    port: int
    replicas: tuple[Replica, ...]

    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def targets(self) -> Path:
        return self.directory / "targets"

    def prepare(self) -> None:
        self.targets.mkdir(parents=True, exist_ok=True)
        for forgotten in self.targets.iterdir():
            forgotten.unlink()
        (self.directory / "prometheus.yaml").write_text(json.dumps(self._configuration(), indent=2))

    def launch(self, output: int) -> Popen[bytes]:
        program = [
            prometheus_binary(),
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address={HOST}:{self.port}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]
        return launch(program, output=output, end_signal=self.stop_signal, directory=self.directory)

    def is_ready(self, _pid: int) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _configuration(self) -> dict[str, Any]:
        """JSON is YAML too."""
        return {
            "global": {"scrape_interval": SCRAPE_EVERY, "scrape_timeout": "4s", "evaluation_interval": SCRAPE_EVERY},
            "rule_files": [str(ALERTS / "*.yaml")],
            "scrape_configs": [
                {"job_name": "mesh", "static_configs": list(_targets(self.replicas))},
                {"job_name": "others", "file_sd_configs": [{"files": ["targets/*.json"], "refresh_interval": "5s"}]},
            ],
        }


def prometheus_binary() -> str:
    """Raises UsageError that says how to get it."""
    found = shutil.which("prometheus")
    if found is None:
        raise UsageError(
            "there is no `prometheus` on the PATH: install it (Debian, Ubuntu: apt-get install prometheus; "
            "macOS: brew install prometheus), or start the mesh without --observe"
        )
    return found


def _targets(replicas: Iterable[Replica]) -> Iterable[dict[str, Any]]:
    for replica in replicas:
        labels = {"job": replica.service.name, "instance": replica.name}
        yield {"targets": [f"{HOST}:{replica.metrics_port}"], "labels": labels}
