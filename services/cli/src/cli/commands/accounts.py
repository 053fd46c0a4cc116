"""Who you are to the shop: `account create`, `login` and `logout`."""

from argparse import Namespace
from collections.abc import Iterator
from http import HTTPStatus

from cli import operations
from cli.arguments import Commands
from cli.errors import Refused
from cli.passwords import add_credentials, read_password, read_username
from cli.presentation import Block, Record
from cli.sessions import Session
from cli.transport import Answer
from cli.visit import Visit


def add_commands(commands: Commands) -> None:
    create = commands.group("account", "become known to the shop").add("create", _create, "open an account")
    add_credentials(create)
    create.add_argument("--role", choices=("buyer", "seller"), default="buyer", help="buyer when left out")
    add_credentials(commands.add("login", _login, "begin a session, which ends after 30 minutes without a request"))
    commands.add("logout", _logout, "end the session")


def _create(arguments: Namespace, visit: Visit) -> None:
    fields = {
        "username": read_username(arguments),
        "password": read_password(arguments, twice=True),
        "role": arguments.role,
    }
    visit.output.show(visit.shop.call(operations.CREATE_ACCOUNT, fields), _account_record)


def _login(arguments: Namespace, visit: Visit) -> None:
    username = read_username(arguments)
    fields = {"username": username, "password": read_password(arguments)}
    answer = visit.shop.call(operations.CREATE_SESSION, fields)
    session = Session.begun(username, answer)
    visit.sessions.keep(visit.url, session)
    visit.output.show(answer, lambda _: iter([f"Logged in as {username}, a {session.role}."]))


def _logout(_: Namespace, visit: Visit) -> None:
    if visit.session:
        try:
            visit.shop.call(operations.DELETE_SESSION, {})
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
        if visit.sessions.session(visit.url) == visit.session:
            visit.sessions.forget(visit.url)
    message = "Logged out." if visit.session else "You were not logged in."
    visit.output.show({}, lambda _: iter([message]))


def _account_record(account: Answer) -> Iterator[Block]:
    yield Record({"Account": account["account_id"], "Username": account["username"], "Role": account["role"]})
