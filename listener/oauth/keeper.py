"""The keeper of a stored account: one access token for all processes, renewed by one of them at a time.

The row is the truth. Who renews first leases the row (`renew_lease`), asks the platform outside of any transaction, and
stores the new token and a replaced refresh token at once: platforms that rotate take the old one as theft. The others
go on with the old access token while it lives, or come back seconds later. A refresh token that was refused is not
asked about again until somebody connects the account anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from listener import log, tokens
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.models import Account
from listener.tokens import Granted, Renewal
from listener.vault import Vault

LEASE = timedelta(seconds=100)  # of one renewal: the deadline of a request and some more
HELD = datetime(9999, 1, 1, tzinfo=UTC)  # a lease that nobody has and that does not end
UNCONFIRMED = timedelta(minutes=5)
SOON = timedelta(seconds=5)
REST = timedelta(minutes=1)  # between tries where the platform has a fault
EARLIEST = timedelta(days=10)  # before the end of tokens that live for months
LEAST_AGE = timedelta(days=2)  # of a token given by hand whose end nobody said, before it is renewed
ATTENTION = "attention"  # of an account's health
ENDED = "the account's authorization has ended: it was revoked or has expired"
logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """An access token, the instant it ends (None = nobody said) and the one from which it is renewed."""

    token: str
    until: datetime | None
    renew_at: datetime

    @classmethod
    def of(cls, granted: Granted, at: datetime) -> Held:
        """Return what was granted just now: renewed when a fifth of its life is left, at most ten days."""
        life = timedelta(seconds=max(0.0, granted.life))
        return cls(granted.access_token, at + life, at + life - min(life / 5, EARLIEST))

    def good(self, at: datetime) -> bool:
        """Return whether the platform takes it, as far as we know."""
        return self.until is None or self.until > at

    def fresh(self, at: datetime) -> bool:
        """Return whether it need not be renewed yet."""
        return self.good(at) and self.renew_at > at


def put(
    account: Account, vault: Vault, held: Held | None, *, refused: str = "", lease: datetime | None = None
) -> None:
    """Write a token on the row, or nothing. `refused`: digest of a secret that the platform does not take any more;
    `lease`: what stays of the row's, where somebody else may hold it."""
    kept = {"refused": refused} if refused else {}
    if held is not None:
        kept |= {"token": held.token, "until": held.until.isoformat() if held.until else ""}
    account.token = vault.seal(kept) if kept else None
    account.renew_at = held.renew_at if held else None
    account.renew_lease = lease


class AccountKeeper:
    """Serves one channel of one account for one unit of work."""

    def __init__(self, db: Database, vault: Vault, account_id: int) -> None:
        """Cheap; the row is read when a token is wanted."""
        self._db, self._vault, self._id = db, vault, account_id
        self._held: Held | None = None

    def token(self, renewal: Renewal) -> str:
        """Return a token that is good now, renewed before its end. Raises ChannelError."""
        at = now()
        if self._held is None or not self._held.fresh(at):
            with self._db.read() as session:
                row = session.get_one(Account, self._id)
                held, known = self._of(row, renewal, at), row.renew_at is not None
            if held is not None and held.fresh(at):
                self._held = held
                if not known:
                    self._plan(held)
            else:
                self._held = self._renewed(renewal, at)
        return self._held.token

    def refused(self, renewal: Renewal) -> None:
        """Let nobody use this token again; whoever wants one next buys it. A newer one in the row stays."""
        used, self._held = self._held, None
        with self._db.work() as session:
            row = session.get_one(Account, self._id, with_for_update=True)
            if used is not None and renewal.option != tokens.ACCESS_TOKEN:
                current = self._of(row, renewal, now())
                if current is not None and current.token == used.token:
                    put(row, self._vault, None, lease=row.renew_lease)

    def _renewed(self, renewal: Renewal, at: datetime, *, again: bool = True) -> Held:
        lease = at + LEASE
        claimed = self._claim(renewal, at, lease)
        if claimed is None:
            raise HttpError(ENDED, permanent=True, attention=True, delivered=False, hint=tokens.RECONNECT)
        if isinstance(claimed, Held):
            return claimed
        spent, old = claimed
        try:
            granted = renewal.ask(spent)
        except ChannelError as error:
            return self._failed(renewal, error, spent, old, lease, again=again)
        except BaseException:
            self._give_back(lease)
            raise
        held = Held.of(granted, now())
        with self._db.work() as session:
            row = session.get_one(Account, self._id, with_for_update=True)
            secrets = self._secrets(row)
            if secrets.get(renewal.option) == spent:  # else it was connected anew meanwhile: that one counts
                fresh = renewal.next(granted)
                if fresh and fresh != spent:
                    row.secrets = self._vault.seal({**secrets, renewal.option: fresh})
                put(row, self._vault, held)
        logger.info("account.renewed", account_id=self._id)
        return held

    def _claim(
        self, renewal: Renewal, at: datetime, lease: datetime
    ) -> Held | tuple[str, Held | None] | None:
        """Lease the row and return (what to spend, the old token), or the token that makes it unnecessary.

        None where the platform has refused it before.
        """
        with self._db.work() as session:
            row = session.get_one(Account, self._id, with_for_update=True)
            held = self._of(row, renewal, at)
            if held is not None and held.fresh(at):
                return held  # somebody else was faster
            spent = self._secrets(row).get(renewal.option, "")
            if not spent or self._kept(row).get("refused") == tokens.digest(spent):
                if row.health != ATTENTION or row.renew_at is not None:
                    put(row, self._vault, None, refused=tokens.digest(spent), lease=row.renew_lease)
                    row.health, row.health_note = ATTENTION, ENDED
                return None
            if row.renew_lease is not None and row.renew_lease > at:
                if held is not None and held.good(at):
                    return held
                if row.renew_lease == HELD:
                    raise ChannelError(
                        "the account's token is not renewed here: this instance was restored from a backup",
                        retry_after=UNCONFIRMED, delivered=False,
                        hint="An admin runs `allears db confirm` once it is the only one.",
                    )  # fmt: skip
                raise ChannelError(
                    "the account's token is being renewed at this moment", retry_after=SOON, delivered=False
                )
            row.renew_lease = lease
            return spent, held

    def _failed(
        self, renewal: Renewal, error: ChannelError, spent: str, old: Held | None, lease: datetime, *, again: bool
    ) -> Held:  # fmt: skip
        """Note a renewal that did not work; return the old token while it lives. Raises the error."""
        at = now()
        with self._db.work() as session:
            row = session.get_one(Account, self._id, with_for_update=True)
            changed = self._secrets(row).get(renewal.option) != spent
            usable = old if old is not None and old.good(at) else None
            if row.renew_lease == lease and not changed:
                row.renew_lease = None
                if not error.attention:
                    row.renew_at = at + REST
                elif usable is None:
                    put(row, self._vault, None, refused=tokens.digest(spent))
                    row.health, row.health_note = ATTENTION, str(error)
                elif usable.until is None:
                    row.renew_at = at + LEAST_AGE
                else:  # what is left of the old one is used up, and nobody asks again
                    last = Held(usable.token, usable.until, usable.until)
                    put(row, self._vault, last, refused=tokens.digest(spent))
        if (
            changed and again
        ):  # it was spent, or connected anew, by somebody else: theirs is the one that counts
            return self._renewed(renewal, at, again=False)
        if usable is None:
            raise error
        logger.warning("account.not_renewed", account_id=self._id, attention=error.attention)
        return Held(usable.token, usable.until, at + REST)

    def _plan(self, held: Held) -> None:
        """Note when a token that somebody typed in is to be renewed."""
        with self._db.work() as session:
            session.get_one(Account, self._id, with_for_update=True).renew_at = held.renew_at

    def _give_back(self, lease: datetime) -> None:
        with self._db.work() as session:
            row = session.get_one(Account, self._id, with_for_update=True)
            if row.renew_lease == lease:
                row.renew_lease = None

    def _of(self, row: Account, renewal: Renewal, at: datetime) -> Held | None:
        kept = self._kept(row)
        if "token" not in kept:
            given = (
                self._secrets(row).get(renewal.option, "") if renewal.option == tokens.ACCESS_TOKEN else ""
            )
            if not given or kept.get("refused"):
                return None
            # typed in by somebody: good until the platform says otherwise, and too young to be renewed
            return Held(given, None, row.renew_at or at + LEAST_AGE)
        until = datetime.fromisoformat(kept["until"]) if kept.get("until") else None
        return Held(kept["token"], until, row.renew_at or until or at)

    def _kept(self, row: Account) -> dict[str, str]:
        return self._vault.unseal(row.token) if row.token else {}

    def _secrets(self, row: Account) -> dict[str, str]:
        return self._vault.unseal(row.secrets) if row.secrets else {}


def hold(session: Session) -> None:
    """Renew nothing here: another instance may live on the same refresh tokens, and each works once."""
    session.execute(update(Account).values(renew_lease=HELD))


def release(session: Session) -> None:
    """Renew again."""
    session.execute(update(Account).where(Account.renew_lease == HELD).values(renew_lease=None))


def forgive(db: Database, vault: Vault, account_id: int) -> None:
    """Let a refused refresh token be tried once more, because a person asks: an app's secret may be right by now."""
    with db.work() as session:
        row = session.get(Account, account_id, with_for_update=True)
        kept = vault.unseal(row.token) if row is not None and row.token else {}
        if row is None or "refused" not in kept:
            return
        until = datetime.fromisoformat(kept["until"]) if kept.get("until") else None
        held = Held(kept["token"], until, now()) if "token" in kept else None
        put(row, vault, held, lease=row.renew_lease)


class Trial:
    """The keeper of a channel that is not stored yet: what it buys and what is replaced is stored with it."""

    def __init__(self, granted: Granted | None = None) -> None:
        """Take the token that a log-in has just brought, if there is one."""
        self.held = Held.of(granted, now()) if granted else None
        self.replaced: dict[str, str] = {}

    def token(self, renewal: Renewal) -> str:
        """Return what there is, or buy it once. Raises ChannelError."""
        if self.held is None and renewal.option == tokens.ACCESS_TOKEN:
            return renewal.spent  # too young to be renewed
        if self.held is None:
            granted = renewal.ask(renewal.spent)
            self.held = Held.of(granted, now())
            fresh = renewal.next(granted)
            if fresh:
                self.replaced[renewal.option] = fresh
        return self.held.token

    def refused(self, renewal: Renewal) -> None:
        """Nothing: the error ends the trial."""


def due(session: Session, at: datetime) -> list[int]:
    """Return the accounts whose token is to be renewed by now, longest waiting first."""
    return list(
        session.scalars(
            select(Account.id)
            .where(Account.renew_at <= at, or_(Account.renew_lease.is_(None), Account.renew_lease != HELD))
            .order_by(Account.renew_at, Account.id)
        )
    )
