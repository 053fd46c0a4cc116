"""Writes the table of values in the chart's README from the comments of values.yaml."""
# ruff: noqa: INP001 - a script, not a package

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

CHART = Path(__file__).parent.parent / "charts" / "agora"
MARK = "<!-- Below this line scripts/chart_readme.py writes. -->\n"


@dataclass(frozen=True)
class Value:
    path: str
    default: str
    meaning: str


def values(text: str) -> Iterator[Value]:
    """Every key of the values with its comment, in order. A mapping in braces is one value."""
    lines = text.splitlines()
    root = yaml.compose(text, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    yield from _values(root, lines, "")


def _values(mapping: yaml.MappingNode, lines: list[str], prefix: str) -> Iterator[Value]:
    for key, node in mapping.value:
        path = f"{prefix}{key.value}"
        meaning = _comment_above(lines, key.start_mark.line)
        if isinstance(node, yaml.MappingNode) and not node.flow_style:
            yield Value(path, "", meaning)
            yield from _values(node, lines, f"{path}.")
        else:
            default = " ".join("\n".join(lines[node.start_mark.line : node.end_mark.line + 1])[_start(node) :].split())
            yield Value(path, default, meaning)


def _start(node: yaml.Node) -> int:
    return int(node.start_mark.column)


def _comment_above(lines: list[str], line: int) -> str:
    """The comment that ends just above a line; empty when it does not begin with `# --`."""
    comment: list[str] = []
    while line > 0 and (text := lines[line - 1].strip()).startswith("#"):
        comment.insert(0, text.removeprefix("#").strip())
        line -= 1
        if text.startswith("# --"):
            return " ".join(comment).removeprefix("--").strip()
    return ""


def table(text: str) -> str:
    rows = [f"| `{v.path}` | {f'`{v.default}`' if v.default else ''} | {v.meaning} |" for v in values(text)]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows]) + "\n"


def readme() -> str:
    """What the README should say: its own words, then the table."""
    words = (CHART / "README.md").read_text().partition(MARK)[0]
    return f"{words}{MARK}\n{table((CHART / 'values.yaml').read_text())}"


if __name__ == "__main__":
    (CHART / "README.md").write_text(readme())
