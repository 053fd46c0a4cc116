"""One run of a shop command: which shop is visited, by whom, and where what it says is printed."""

from dataclasses import dataclass

from cli.output import Output
from cli.sessions import Session, SessionFile
from cli.transport import Transport


@dataclass(frozen=True)
class Visit:
    url: str
    shop: Transport
    session: Session | None
    sessions: SessionFile
    output: Output
