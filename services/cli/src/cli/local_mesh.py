"""The mesh that runs in this directory, as its `mesh.json` describes it."""

import json
from collections.abc import Mapping
from pathlib import Path


def url_of_local_mesh(environment: Mapping[str, str]) -> str | None:
    """The URL of its first gateway; None when no mesh runs here."""
    directory = Path(environment.get("AGORA_LOCAL_DIR") or ".local")
    try:
        url = json.loads((directory / "mesh.json").read_text())["gateway"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return url if isinstance(url, str) else None
