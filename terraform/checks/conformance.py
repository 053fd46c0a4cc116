"""What a resource or data block says that the provider's schema does not know, or fails to say that it asks for."""

from collections.abc import Iterator

from checks.configuration import Block, Body, arguments, nested_blocks
from checks.schema import LANGUAGE, Schema, binding_name, schema_of


def problems(block: Block) -> list[str]:
    schema = schema_of(block.kind, block.labels[0])
    if schema is None:
        return [f"{block.address}: the provider has no {block.kind} {block.labels[0]}"]
    body = {name: value for name, value in block.body.items() if name not in LANGUAGE | {"lifecycle"}}
    return list(_differences(block.address, body, schema))


def _differences(path: str, body: Body, schema: Schema) -> Iterator[str]:
    children = list(nested_blocks(body))
    given = {*arguments(body), *(name for name, _ in children)}
    for name in arguments(body):
        if binding_name(name) not in schema.arguments:
            yield f"{path}: {name} is {'a block, not an argument' if binding_name(name) in schema.blocks else 'no argument'}"
    for name, child in children:
        nested = schema.blocks.get(binding_name(name))
        if nested is None:
            yield f"{path}: {name} is {'an argument, not a block' if binding_name(name) in schema.arguments else 'no block'}"
        else:
            yield from _differences(f"{path}.{name}", child, nested)
    for name in sorted(schema.required - {binding_name(name) for name in given}):
        yield f"{path}: {name} is missing"
