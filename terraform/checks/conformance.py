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
    given = {binding_name(name) for name in arguments(body)}
    for name in arguments(body):
        if binding_name(name) not in schema.arguments:
            what = "a block, not an argument" if binding_name(name) in schema.blocks else "no argument"
            yield f"{path}: {name} is {what}"
    for name, child in nested_blocks(body):
        given.add(binding_name(name))
        nested = schema.blocks.get(binding_name(name))
        if nested is None:
            what = "an argument, not a block" if binding_name(name) in schema.arguments else "no block"
            yield f"{path}: {name} is {what}"
        else:
            yield from _differences(f"{path}.{name}", child, nested)
    yield from (f"{path}: {name} is missing" for name in sorted(schema.required - given))
