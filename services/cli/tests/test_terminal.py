"""What reaches terminals and pipes, and the signals they send, seen from outside the process."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .stand_in_server import HANG

AGORA = Path(sys.executable).with_name("agora")
EVIL = "\x1b[2J[bold]pen[/bold] :smile: \u202e\x9b\r\n\t"


@pytest.fixture
def variables(shop, tmp_path):
    return {"AGORA_URL": shop.url, "XDG_STATE_HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "xterm"}


@pytest.fixture
def at_terminal(variables):
    """Run the installed command with a terminal for its output and return everything the terminal was sent."""

    def run(*words):
        ours, theirs = pty.openpty()
        with subprocess.Popen([AGORA, *words], env=variables, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            sent = b"".join(iter(lambda: read_until_closed(ours), b""))
            os.close(ours)
        assert process.returncode == 0
        return sent.decode()

    return run


def read_until_closed(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def read_until(descriptor, wanted):
    seen = b""
    while wanted not in seen:
        more = read_until_closed(descriptor)
        assert more, seen
        seen += more
    return seen


def test_people_see_a_table(at_terminal, stock):
    stock()
    seen = at_terminal("find")
    assert "─" in seen
    assert "12.50 USD" in seen
    assert "\t" not in seen


def test_people_see_the_properties_of_one_thing_one_below_the_other(at_terminal):
    seen = at_terminal("lookup", "1")
    assert "30.00 USD" in seen
    assert len(seen.splitlines()) == 5


def test_names_cannot_control_the_terminal(at_terminal, stock):
    stock(name=EVIL)
    for words in (["item", "show", "i-0"], ["item", "show", "i-0", "--json"], ["find"]):
        seen = at_terminal(*words)
        assert [forbidden for forbidden in ("\x1b[2J", "\x9b", "\u202e", "\t") if forbidden in seen] == []
    assert r"\x1b[2J[bold]pen[/bold] :smile: \u202e\x9b\r\n\t" in at_terminal("item", "show", "i-0")


def test_names_cannot_break_the_lines_of_a_pipe(agora, stock):
    stock(name=EVIL)
    assert r"\x1b[2J[bold]pen[/bold] :smile: \u202e\x9b\r\n\t" in agora("find").out.splitlines()[1]


def test_the_words_of_a_refusal_cannot_control_the_terminal(agora, shop):
    result = agora("lookup", "\x1b[2J")
    assert result.code == 1
    assert "\x1b" not in result.err


def test_names_beyond_the_encoding_of_the_output_are_escaped(variables, stock):
    stock(name="Füller")
    finished = subprocess.run(
        [AGORA, "find"], env={**variables, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True
    )
    assert rb"F\xfcller" in finished.stdout


def test_at_a_terminal_name_and_password_are_asked_for_and_the_password_stays_hidden(variables, shop):
    shop.accounts["bob"] = {"account_id": "a-bob", "username": "bob", "role": "buyer", "password": "secret words"}
    ours, theirs = pty.openpty()
    # In a session of its own, so that the prompt cannot reach for the terminal these tests were started from.
    with subprocess.Popen(
        [AGORA, "login"], env=variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = read_until(ours, b"Username: ")
        os.write(ours, b"bob\n")
        seen += read_until(ours, b"Password: ")
        os.write(ours, b"secret words\n")
        seen += read_until(ours, b"Logged in as bob, a buyer.")
        assert process.wait(60) == 0
        os.close(ours)
    assert b"secret" not in seen


def test_interrupting_a_command_ends_it_with_130(variables, shop):
    shop.faults.append(HANG)
    with subprocess.Popen([AGORA, "lookup", "1"], env=variables, stderr=subprocess.PIPE) as process:
        assert shop.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stderr.read()) == (130, b"")


def test_a_reader_that_leaves_early_is_no_traceback(variables, stock):
    for _ in range(2000):
        stock()
    with subprocess.Popen(
        [AGORA, "find", "--all"], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (141, b"")


@pytest.mark.parametrize(("words", "code"), [(["lookup", "1"], 0), (["lookup", "9"], 1), (["lookup"], 2)])
def test_the_installed_command_exits_with_the_code_of_its_outcome(variables, words, code):
    assert subprocess.run([AGORA, *words], env=variables, capture_output=True, check=False).returncode == code


def test_shop_commands_do_not_pay_for_importing_the_mesh_or_the_tables(variables):
    script = "import sys, cli.main; cli.main.main(['lookup', '1']); print({'localmesh', 'cli.styles'} & {*sys.modules})"
    finished = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "set()"
