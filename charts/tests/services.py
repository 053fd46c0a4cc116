"""What the services' own sources say of them, read without importing them."""

import ast
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import chart
import yaml

SERVICES = chart.REPOSITORY / "services"
PROTOS = chart.REPOSITORY / "protos" / "agora"


@dataclass
class Variables:
    """Environment variables a process reads: those it stops without, and all of them, as patterns."""

    needed: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def knows(self, name: str) -> bool:
        return any(fnmatchcase(name, known) for known in self.known)


def rows() -> dict[str, chart.Object]:
    """`services` of the chart's values."""
    found: dict[str, chart.Object] = yaml.safe_load((chart.CHART / "values.yaml").read_text())["services"]
    return found


def module_of(row: str) -> str:
    return str(rows()[row].get("module", row))


def package_of(row: str) -> str:
    return module_of(row).partition(".")[0]


def components() -> set[str]:
    return {chart.kebab(row) for row in rows()}


def exists(module: str) -> bool:
    package, _, name = module.partition(".")
    source = SERVICES / package / "src" / package / name
    return (source / "__main__.py").exists() or source.with_suffix(".py").exists()


def variables(module: str) -> Variables:
    """What `settings.py` beside a module's `__main__` reads, the classes of the chassis it is built of included."""
    found = Variables()
    package, *inner = module.split(".")
    settings = ast.parse(SERVICES.joinpath(package, "src", package, *inner, "settings.py").read_text())
    _collect(settings, found)
    used = {node.id for node in ast.walk(settings) if isinstance(node, ast.Name)}
    chassis = ast.parse((SERVICES / "chassis" / "src" / "chassis" / "settings.py").read_text())
    classes = {
        node.name: node for node in chassis.body if isinstance(node, ast.ClassDef) and node.name != "Environment"
    }
    for name in used & classes.keys():
        _collect(classes[name], found)
        if name == "ServiceSettings":
            _collect(classes["ProcessSettings"], found)
    return found


def _collect(tree: ast.AST, found: Variables) -> None:
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name("environment"), kind), [ast.Constant(str(name)), *rest], keywords):
                found.known.add(name)
                defaults = {"text": len(rest) > 0, "choice": len(rest) > 1, "count": True, "ratio": True}
                defaults |= {"networks": True, "origins": True}
                has_default = defaults.get(kind, False)
                if not has_default and not any(keyword.arg == "default" for keyword in keywords):
                    found.needed.add(name)
            case ast.Call(ast.Attribute(ast.Name("environment")), [ast.JoinedStr() as name, *_]):
                found.known.add(_pattern(name))


def _pattern(name: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in name.values)


def packages() -> set[str]:
    """Packages of the protos, which are rows of `services` too."""
    return {package.name for package in PROTOS.iterdir()}


def rpcs(package: str) -> dict[str, set[str]]:
    """RPCs in all protos of a package, by their gRPC service."""
    protos = "".join(path.read_text() for path in (PROTOS / package / "v1").glob("*.proto"))
    services = re.findall(r"^service (\w+) \{$(.*?)^\}$", protos, re.MULTILINE | re.DOTALL)
    return {service: set(re.findall(r"^\s*rpc (\w+)", body, re.MULTILINE)) for service, body in services}


def called_rpcs(package: str) -> dict[str, dict[str, set[str]]]:
    """RPCs a package's sources call, by package and gRPC service: attributes named like an RPC, as stubs have them."""
    attributes = {
        node.attr
        for source in (SERVICES / package / "src").rglob("*.py")
        if source.name != "servicer.py"
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Attribute)
    }
    called: dict[str, dict[str, set[str]]] = {}
    for other in packages() - {package}:
        for service, names in rpcs(other).items():
            if names & attributes:
                called.setdefault(other, {})[service] = names & attributes
    return called
