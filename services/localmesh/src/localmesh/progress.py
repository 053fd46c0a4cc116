"""What a start of the mesh tells about itself while it goes on."""

from typing import Any, Protocol


class Progress(Protocol):
    def stage(self, name: str, done: int, total: int) -> None:
        """``done`` of ``total`` parts of a named stage are complete; reported again as it grows."""

    def ready(self, mesh: dict[str, Any]) -> None:
        """Everything is up; ``mesh`` is the content of ``mesh.json``."""
