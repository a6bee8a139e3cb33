"""Log-ins at platforms that are under way: one row each, for one session, good once and for minutes.

The state that travels is random; only its hash is stored, and what it leads to is sealed.
"""

from __future__ import annotations

from sqlalchemy import delete

from listener.accounts import ConnectError, Pending
from listener.db import Database, now
from listener.vault import Vault
from web.models import Connecting
from web.page import _
from web.sessions import digest


def keep(db: Database, vault: Vault, pending: Pending, token: str) -> None:
    """Remember a log-in that the session of `token` has begun."""
    with db.work() as session:
        session.execute(delete(Connecting).where(Connecting.expires_at < now()))
        session.add(
            Connecting(
                id=digest(pending.state),
                session_id=digest(token),
                sealed=pending.seal(vault),
                expires_at=pending.expires_at,
            )
        )


def take(db: Database, vault: Vault, state: str, token: str) -> Pending:
    """Return the log-in that a state belongs to, once, to the session that began it. Raises ConnectError.

    Another session learns nothing, not even that there is such a state, and does not use it up.
    """
    with db.work() as session:
        sealed = session.scalars(
            delete(Connecting)
            .where(
                Connecting.id == digest(state),
                Connecting.session_id == digest(token),
                Connecting.expires_at >= now(),
            )
            .returning(Connecting.sealed)
        ).one_or_none()
    if sealed is None:
        raise ConnectError(
            _(
                "This answer belongs to no log-in that was begun here: it was used already, took too long, or "
                "was begun in another session. Nothing was changed; connect again."
            )
        )
    return Pending.unseal(vault, sealed)
