"""Build hook that turns the proto tree into typed Python stubs, so that no generated file is ever committed."""

import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
STUBS = ROOT / "build" / "stubs"


class GenerateStubs(BuildHookInterface[Any]):
    """Runs protoc with the mypy plugins over every proto before the wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        shutil.rmtree(STUBS, ignore_errors=True)
        STUBS.mkdir(parents=True)
        _run_protoc(sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("agora/**/*.proto")))
        for directory in [STUBS / "agora", *STUBS.glob("agora/**/*/")]:
            (directory / "__init__.py").touch()
        (STUBS / "agora" / "py.typed").touch()


def _run_protoc(protos: list[str]) -> None:
    from grpc_tools import protoc

    scripts = Path(sys.executable).parent
    arguments = [
        "protoc",
        f"--proto_path={ROOT}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
        *(f"--{plugin}_out={STUBS}" for plugin in ("python", "grpc_python", "mypy", "mypy_grpc")),
        *protos,
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc refused the protos, see above")
