"""Connecting an account by logging in on the platform: begun here, finished with the address a person comes back to.

Whoever waits for that address keeps the `Pending` meanwhile, sealed: it holds secrets. Nothing is stored before the
platform has said who logged in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from listener import log
from listener.accounts.connect import same_identity
from listener.accounts.rows import Stored, stored, twin, write
from listener.channels import channel_type
from listener.channels.base import Channel, Options
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account
from listener.oauth import flow
from listener.oauth.keeper import Trial
from listener.oauth.platform import ConnectError, Connector
from listener.sources.options import SourceError, revalidate
from listener.vault import Vault

LIFE = timedelta(minutes=10)
logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """A log-in under way. `given`: options, secrets in clear; `app`: what the platform said when it registered us."""

    kind: str
    account_id: int | None
    given: Mapping[str, Any]
    app: Mapping[str, str]
    url: str
    state: str
    verifier: str
    redirect_uri: str
    expires_at: datetime
    source: Mapping[str, str] = field(default_factory=dict)  # name and brand of a source to be made with it

    def seal(self, vault: Vault) -> str:
        """Return it encrypted, to be kept until the answer comes."""
        return vault.seal({"pending": json.dumps(asdict(self), default=datetime.isoformat)})

    @classmethod
    def unseal(cls, vault: Vault, sealed: str) -> Pending:
        """Read what `seal` wrote. Raises VaultError."""
        said = json.loads(vault.unseal(sealed)["pending"])
        return cls(**{**said, "expires_at": datetime.fromisoformat(said["expires_at"])})


@dataclass(frozen=True, slots=True)
class Done:
    """A connected account: its row, whether it is new, and what the platform said."""

    account_id: int
    new: bool
    line: str


def kind_of(db: Database, ground: Ground, account_id: int) -> str:
    """Return the kind of an account. Raises SourceError."""
    with db.read() as session:
        return stored(session, ground, account_id).kind


def begin(
    db: Database,
    ground: Ground,
    target: int | str,
    settings: Mapping[str, str],
    *,
    redirect_uri: str,
    source: Mapping[str, str] | None = None,
) -> Pending:
    """Start the log-in of an account (by its id) or of a new one (by its kind). Returns where to send the person.

    Everything that can be wrong with the options is said now, not after the log-in. Raises SourceError, ConnectError,
    and ChannelError where a platform registers us and does not want to.
    """
    before = Stored(str(target), "", {}, {})
    if isinstance(target, int):
        with db.read() as session:
            before = stored(session, ground, target)
    kind, connector = before.kind, _connector(before.kind)
    brings = {name: text for name, text in connector.brings.items() if not before.given.get(name)}
    missing = [
        name
        for name in connector.app
        if name not in connector.optional and not settings.get(name) and not before.given.get(name)
    ]
    if missing:
        raise ConnectError(
            "%(kind)s: %(names)s missing. Register an application with the platform, with the redirect URI %(uri)s, "
            "and give what is shown there (docs/accounts.md)",
            kind=kind,
            names=", ".join(missing),
            uri=redirect_uri,
        )
    options = revalidate(kind, {**brings, **before.given}, settings)
    set_ = {name: value for name, value in options.plain().items() if name in options.model_fields_set}
    given = {name: value for name, value in set_.items() if name not in brings or name in settings}
    platform = connector.platform(given)
    if not platform.authorize_url.startswith(("https://", "http://")):
        raise ConnectError("%(kind)s: base_url must be an http or https address", kind=kind)
    app = connector.prepare(ground.http, given, redirect_uri)
    state, verifier = flow.secret(), flow.secret()
    url = flow.authorize_url(
        connector.platform({**given, **app}), state=state, verifier=verifier, redirect_uri=redirect_uri
    )
    return Pending(
        kind=kind, account_id=target if isinstance(target, int) else None, given=given, app=app, url=url, state=state,
        verifier=verifier, redirect_uri=redirect_uri, expires_at=now() + LIFE, source=dict(source or {}),
    )  # fmt: skip


def finish(db: Database, ground: Ground, pending: Pending, answer: Mapping[str, str]) -> Done:
    """Exchange the code, find out who logged in, and store it. `answer`: parameters of the address that came back.

    The same identity is the same row: sources, cursors and history stay. Raises ConnectError, SourceError,
    ChannelError; then nothing changed.
    """
    connector = _connector(pending.kind)
    platform = connector.platform({**pending.given, **pending.app})
    code = flow.code_of(platform.title, answer, pending.state, platform.issuer)
    if now() > pending.expires_at:
        minutes = int(LIFE.total_seconds() // 60)
        raise ConnectError("the log-in took longer than %(n)s minutes. Start again with Connect", n=minutes)
    granted = flow.exchange(
        ground.http, platform, code, verifier=pending.verifier, redirect_uri=pending.redirect_uri
    )
    found = connector.complete(ground.http, {**pending.given, **pending.app}, granted)
    keeper = Trial(found.token)
    channel = _checked(ground, pending.kind, pending.given, found.options, keeper)
    line = channel.check()
    done = _store(db, ground, pending, found.options, channel, line, keeper)
    logger.info("account.connected", account_id=done.account_id, kind=pending.kind, new=done.new)
    return done


def _checked(
    ground: Ground, kind: str, given: Mapping[str, Any], brought: Mapping[str, str | None], keeper: Trial
) -> Channel[Options]:
    merged = {name: value for name, value in {**given, **brought}.items() if value is not None}
    channel: Channel[Options] = channel_type(kind)(revalidate(kind, merged, {}), ground.http)
    channel.keeper = keeper
    return channel


def _store(
    db: Database,
    ground: Ground,
    pending: Pending,
    brought: Mapping[str, str | None],
    channel: Channel[Options],
    line: str,
    keeper: Trial,
) -> Done:
    try:
        with db.work() as session:
            base_url, identity = channel.identity_of(channel.options)
            if pending.account_id is not None:
                before = stored(session, ground, pending.account_id)
                same_identity(pending.account_id, before, channel)
                row = session.get_one(Account, pending.account_id, with_for_update=True)
            else:
                known = twin(session, pending.kind, base_url, identity, channel.known, pending.given)
                if known is not None:  # what it had besides stays: webhook secrets, say
                    before = stored(session, ground, known.id)
                    fresh = _checked(ground, pending.kind, {**before.given, **pending.given}, brought, keeper)
                    fresh.known = channel.known
                    channel = fresh
                row = known or Account(kind=pending.kind)
            new = row.id is None
            write(session, ground, row, channel, line, keeper)
            return Done(row.id, new, line)
    except IntegrityError as error:
        message = "another account has the same identity now; `allears account list` shows it"
        raise ConnectError(message) from error


def _connector(kind: str) -> Connector:
    try:
        channel = channel_type(kind)
    except KeyError as error:
        raise SourceError(str(error.args[0])) from None
    if channel.connector is None:
        secrets = [
            name
            for name, info in channel.options_type.model_fields.items()
            if "Secret" in str(info.annotation)
        ]
        message = (
            f"{channel.title} has no log-in by browser: its sources bring the credentials "
            f"({', '.join(secrets) or 'none needed'}); `allears source add {kind}`, or for an account that is there "
            "`allears account connect ID --set key=value`"
        )
        raise ConnectError(message)
    return channel.connector
