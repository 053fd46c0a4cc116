"""References between blocks: those that lead nowhere, and declarations that nothing refers to."""

import re
from collections.abc import Iterable, Iterator

from checks.configuration import Block, locals_, of_kind, strings
from checks.schema import binding_name, schema_of

VARIABLE = re.compile(r"\bvar\.(\w+)")
LOCAL = re.compile(r"\blocal\.(\w+)")
RESOURCE = re.compile(r"\b(google_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?")


def broken(among: Iterable[Block]) -> list[str]:
    texts = [(block.address, text) for block in among for text in strings(block.body)]
    return [f"{address}: {problem}" for address, text in texts for problem in _broken_in(text)]


def _broken_in(text: str) -> Iterator[str]:
    variables = {block.labels[0] for block in of_kind("variable")}
    yield from (f"var.{name} is not declared" for name in VARIABLE.findall(text) if name not in variables)
    yield from (f"local.{name} is not declared" for name in LOCAL.findall(text) if name not in locals_())
    resources = {block.labels for block in of_kind("resource")}
    for kind, name, attribute in RESOURCE.findall(text):
        if (kind, name) not in resources:
            yield f"{kind}.{name} is not declared"
        elif attribute and not _has_attribute(kind, attribute):
            yield f"{kind}.{name} has no attribute {attribute}"


def _has_attribute(kind: str, attribute: str) -> bool:
    schema = schema_of("resource", kind)
    return schema is not None and binding_name(attribute) in {*schema.attributes, *schema.blocks}


def unused(among: Iterable[Block]) -> list[str]:
    """A variable's own validation does not count as a use of it."""
    texts = [text for block in among if block.kind != "variable" for text in strings(block.body)]
    used = {name for text in texts for pattern in (VARIABLE, LOCAL) for name in pattern.findall(text)}
    declared = [*(block.labels[0] for block in of_kind("variable")), *locals_()]
    return [name for name in declared if name not in used]
