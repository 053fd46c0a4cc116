"""``python -m localmesh up ...``: the same commands without the shop's."""

import argparse
import sys

from localmesh.commands import add_commands
from localmesh.plan import AGORA, Blueprint


def main(blueprint: Blueprint) -> int:
    parser = argparse.ArgumentParser(prog="localmesh")
    add_commands(parser, blueprint)
    arguments = parser.parse_args()
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main(AGORA))
