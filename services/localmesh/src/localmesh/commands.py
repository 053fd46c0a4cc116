"""The commands ``agora mesh ...``. What they need is imported when they run, so that ``agora --help`` stays quick."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from typing import TYPE_CHECKING

from localmesh.errors import MeshError, UsageError
from localmesh.plan import AGORA, CACHE_MODES, GATEWAY, USUAL_HTTP_PORT, Blueprint, Wish, parse_count, parse_replicas
from localmesh.state import StateDirectory

if TYPE_CHECKING:
    from localmesh.progress import Progress

STOPPED_WITHIN_SECONDS = 60
Command = Callable[[argparse.Namespace], int]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``mesh`` to the ``agora`` command; each subcommand sets ``run``, which returns the exit code."""
    add_commands(subparsers.add_parser("mesh", help="run the whole mesh on this machine"), AGORA)


def add_commands(parser: argparse.ArgumentParser, blueprint: Blueprint) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_up(commands, blueprint)
    _add(commands, "down", _down, "stop the mesh")
    status = _add(commands, "status", _status, "show every process: health, age, restarts, CPU, memory, ports")
    status.add_argument("--json", action="store_true")
    top = _add(commands, "top", _top, "show what every service does: requests, errors, durations, CPU, until Ctrl-C")
    top.add_argument("--interval", type=float, default=2.0, metavar="SECONDS", help="default: %(default)s")
    top.add_argument("--once", action="store_true", help="show one interval and end")
    top.add_argument("--json", action="store_true", help="the same as JSON")
    kill = _add(commands, "kill", _kill, "send a signal to a process; the mesh restarts it after 2 s")
    kill.add_argument("name", metavar="NAME", help="catalog-0, gateway-0, postgres, cache, stream, ...")
    kill.add_argument("--signal", default="KILL", metavar="SIGNAL", help="KILL, TERM, STOP, CONT, ...")
    kill.add_argument("--stay-down", action="store_true", help="leave it stopped until `agora mesh start NAME`")
    pause = _add(
        commands,
        "pause",
        partial(_tell_process, "pause"),
        "stop a process and its children (SIGSTOP)",
    )
    pause.add_argument("name", metavar="NAME")
    resume = _add(commands, "resume", partial(_tell_process, "resume"), "let a paused process go on (SIGCONT)")
    resume.add_argument("name", metavar="NAME")
    start = _add(
        commands,
        "start",
        partial(_tell_process, "start"),
        "start a process that was killed, and wait until it is ready",
    )
    start.add_argument("name", metavar="NAME")
    restart = _add(commands, "restart", _restart, "restart the replicas of a service, one after the other")
    restart.add_argument("service", metavar="SERVICE")
    show = _add(commands, "logs", _logs, "show the last lines of the logs")
    show.add_argument("name", metavar="NAME", nargs="?", default="*", help="of one process only")
    show.add_argument("-f", "--follow", action="store_true", help="go on as they grow, until Ctrl-C")


def _add_up(commands: argparse._SubParsersAction[argparse.ArgumentParser], blueprint: Blueprint) -> None:
    up = _add(commands, "up", partial(_up, blueprint), "start the mesh and show its logs until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return once the mesh is ready, and leave it running")
    up.add_argument("--observe", action="store_true", help="also run a Prometheus, found on the PATH")
    up.add_argument(
        "--proxied", action="store_true", help="connect all processes through TCP proxies, to inject faults"
    )
    up.add_argument("--cache", choices=CACHE_MODES, default="tiered", help="default: %(default)s")
    up.add_argument("--replicas", default="", metavar="catalog=2,order=2", help="replicas of a service")
    up.add_argument(
        "--gateways",
        default="",
        metavar="N",
        help=f"gateways, on AGORA_HTTP_PORT ({USUAL_HTTP_PORT}) and the ports after it",
    )


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Command, help_text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text)
    parser.set_defaults(run=_telling_errors(run))
    return parser


def _telling_errors(run: Command) -> Command:
    @wraps(run)
    def told(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except MeshError as error:
            print(f"agora mesh: {error}", file=sys.stderr)
            return error.exit_code
        except BrokenPipeError:
            raise  # the reader of a pipe left; the entry point ends quietly
        except OSError as error:
            print(f"agora mesh: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            print("agora mesh: interrupted", file=sys.stderr)
        return 1

    return told


def _up(blueprint: Blueprint, arguments: argparse.Namespace) -> int:
    wish = _wish(blueprint, arguments)
    if wish.observe:
        from localmesh.prometheus import prometheus_binary

        prometheus_binary()
    from localmesh.console import ConsoleProgress
    from localmesh.detached import run_detached

    state = StateDirectory.from_environment()
    progress = ConsoleProgress(state, show_logs=not arguments.detach)
    try:
        if arguments.detach:
            run_detached(partial(_run, wish, state), state, progress)
        else:
            _run(wish, state, progress)
    finally:
        progress.close()
    return 0


def _run(wish: Wish, state: StateDirectory, progress: Progress) -> None:
    from localmesh.mesh import run_mesh

    run_mesh(wish, state, progress)


def _wish(blueprint: Blueprint, arguments: argparse.Namespace) -> Wish:
    asked = parse_replicas(arguments.replicas, blueprint) if arguments.replicas else {}
    if arguments.gateways:
        asked[GATEWAY] = parse_count(arguments.gateways, "gateways")
    return Wish(
        blueprint.with_replicas(asked),
        arguments.cache,
        first_http_port=_number_from("AGORA_HTTP_PORT", USUAL_HTTP_PORT, range(1, 65_000)),
        sample_items=_number_from("AGORA_SAMPLE_ITEMS", 10_000, range(10_000_001)),
        observe=arguments.observe,
        proxied=arguments.proxied,
    )


def _number_from(variable: str, default: int, allowed: range) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) not in allowed:
        raise UsageError(f"{variable} must be a number from {allowed.start} to {allowed.stop - 1}, not {text!r}")
    return int(text)


def _down(_arguments: argparse.Namespace) -> int:
    from localmesh.control import ask
    from localmesh.leftovers import end_leftovers

    state = StateDirectory.from_environment()
    if state.remembered_children() and not state.is_claimed():
        with state.claimed():
            end_leftovers(state)
    if not state.is_claimed():
        print(f"agora mesh: no mesh is running in {state.path}", file=sys.stderr)
        return 0
    deadline = time.monotonic() + STOPPED_WITHIN_SECONDS
    while state.is_claimed():
        # Repeated, since a mesh that is just starting does not listen yet, and one that stops listens no more.
        with suppress(MeshError):
            ask(state, "down")
        if time.monotonic() > deadline:
            raise MeshError(f"the mesh has not stopped after {STOPPED_WITHIN_SECONDS} s")
        time.sleep(0.02)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    import json

    from localmesh.console import print_status
    from localmesh.control import ask

    processes = ask(StateDirectory.from_environment(), "status")
    if arguments.json:
        print(json.dumps(processes, indent=2))
    else:
        print_status(processes)
    return 0


def _top(arguments: argparse.Namespace) -> int:
    from localmesh.top import show_top

    if not arguments.interval > 0:
        raise UsageError(f"the interval must be above 0, not {arguments.interval}")
    try:
        show_top(StateDirectory.from_environment(), arguments.interval, once=arguments.once, as_json=arguments.json)
    except KeyboardInterrupt:
        return 0
    return 0


def _kill(arguments: argparse.Namespace) -> int:
    from localmesh.control import ask

    number = getattr(signal, f"SIG{arguments.signal.upper().removeprefix('SIG')}", None)
    if not isinstance(number, signal.Signals):
        raise UsageError(f"no signal {arguments.signal!r}")
    ask(StateDirectory.from_environment(), "kill", name=arguments.name, number=number, stay_down=arguments.stay_down)
    return 0


def _tell_process(command: str, arguments: argparse.Namespace) -> int:
    from localmesh.control import ask

    ask(StateDirectory.from_environment(), command, name=arguments.name)
    return 0


def _restart(arguments: argparse.Namespace) -> int:
    from localmesh.control import ask

    ask(StateDirectory.from_environment(), "restart", service=arguments.service)
    return 0


def _logs(arguments: argparse.Namespace) -> int:
    from localmesh.console import print_last_lines, stream_logs

    state = StateDirectory.from_environment()
    print_last_lines(state, arguments.name)
    if arguments.follow:
        stream_logs(state, arguments.name)
    return 0
