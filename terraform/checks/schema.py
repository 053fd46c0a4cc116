"""The google provider's schema, read from the typed classes of a wheel that are generated from it.

The classes are parsed and never imported: importing starts a Node process, and one module alone has 3.4 MB.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

BINDINGS = "cdktn_provider_google"
# Parameters of the constructors that are not the provider's but the language's, which has its own list below.
FRAMEWORK = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners"}
LANGUAGE = {"count", "depends_on", "for_each", "provider"}

Type = str | list[object]  # as Terraform writes a type in JSON: "string", ["list", "number"], ["object", {...}]
Classes = Mapping[str, ast.ClassDef]


@dataclass(frozen=True)
class Schema:
    """What a block may hold, by Terraform's names as the bindings spell them (see `binding_name`)."""

    arguments: Mapping[str, Type]
    blocks: Mapping[str, "Schema"]
    required: frozenset[str]
    repeatable: frozenset[str]


@dataclass(frozen=True)
class ResourceSchema(Schema):
    attributes: Mapping[str, Type]


def binding_name(name: str) -> str:
    """The generator went through camel case, which moves the underscores around digits: size_1g became size1_g."""
    return re.sub(r"(?<=\d)(?=[a-z])", "_", re.sub(r"_(?=\d)", "", name))


def provider_version() -> str:
    source = (_folder() / "sql_user" / "__init__.py").read_text()
    found = re.search(r"providers/hashicorp/google/([\d.]+)/", source)
    assert found, "the wheel no longer names the provider's version"
    return found[1]


@cache
def schema_of(kind: str, resource: str) -> ResourceSchema | None:
    """The schema of a `resource` or `data` block of one type; None when the provider has no such type."""
    module = _folder() / (f"data_{resource}" if kind == "data" else resource.removeprefix("google_")) / "__init__.py"
    if not module.exists():
        return None
    classes = {node.name: node for node in ast.parse(module.read_text()).body if isinstance(node, ast.ClassDef)}
    top = next(node for node in classes.values() if _inherits(node, "TerraformResource", "TerraformDataSource"))
    schema = _schema(top, classes)
    return ResourceSchema(**vars(schema), attributes=dict(_attributes(top, classes)))


def _folder() -> Path:
    spec = find_spec(BINDINGS)
    assert spec, f"{BINDINGS} is not installed"
    assert spec.submodule_search_locations, f"{BINDINGS} is not a package"
    return Path(spec.submodule_search_locations[0])


def _schema(node: ast.ClassDef, classes: Classes) -> Schema:
    parameters = dict(_parameters(node))
    nested = {name: _class_in(annotation, classes) for name, (annotation, _) in parameters.items()}
    return Schema(
        arguments={name: _type(parameters[name][0]) for name, found in nested.items() if found is None},
        blocks={name: _schema(found, classes) for name, found in nested.items() if found is not None},
        required=frozenset(name for name, (_, is_required) in parameters.items() if is_required),
        repeatable=frozenset(name for name in nested if "Sequence" in ast.unparse(parameters[name][0])),
    )


def _parameters(node: ast.ClassDef) -> Iterator[tuple[str, tuple[ast.expr, bool]]]:
    """The constructor's keyword arguments with their annotation and whether they have no default."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            for argument, default in zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True):
                if argument.arg not in FRAMEWORK and argument.annotation is not None:
                    yield argument.arg, (argument.annotation, default is None)


def _attributes(node: ast.ClassDef, classes: Classes) -> Iterator[tuple[str, Type]]:
    """What can be read of a resource: its properties, but those that lead back to a block's own arguments."""
    for member in node.body:
        if not isinstance(member, ast.FunctionDef) or member.returns is None or not _is_property(member):
            continue
        returned = ast.unparse(member.returns).strip("'")
        item = classes.get(f"{returned.removesuffix('List')}OutputReference")
        if returned.endswith("List") and item is not None:
            yield member.name, ["list", ["object", dict(_attributes(item, classes))]]
        elif returned not in classes:
            yield member.name, _type(member.returns)


def _type(annotation: ast.expr) -> Type:
    """The bindings do not tell a set from a list; for the configuration both take the same literals."""
    text = ast.unparse(annotation)
    if "Mapping[" in text or text.endswith("StringMap'"):
        return ["map", "string"]
    element = "number" if "jsii.Number" in text else "bool" if "bool" in text or "IResolvable" in text else "string"
    return ["list", element] if "Sequence[" in text or "typing.List[" in text else element


def _class_in(annotation: ast.expr, classes: Classes) -> ast.ClassDef | None:
    """Nested blocks are annotated with a class of the same module, by its name in quotes."""
    names = (node.value for node in ast.walk(annotation) if isinstance(node, ast.Constant))
    return next((classes[name] for name in names if isinstance(name, str) and name in classes), None)


def _inherits(node: ast.ClassDef, *names: str) -> bool:
    return any(isinstance(base, ast.Attribute) and base.attr in names for base in node.bases)


def _is_property(member: ast.FunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Attribute) and decorator.attr == "property" for decorator in member.decorator_list
    )
