"""A brand with an account on the fake platform, people, and mentions that wait for triage."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alerts.models import Alert, Person, PersonBrand, Reply
from alerts.people import Viewer
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Account, Author, Brand, Hit, Mention, OwnPost, Source
from listener.settings import ListenerSettings
from listener.vault import Vault
from sentiment.models import Score
from tests.fakes import FakePlatform

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday
_numbers = itertools.count(1)


@dataclass
class Scene:
    db: Database
    folder: Path
    brand_id: int = 0
    other_brand_id: int = 0
    source_id: int = 0
    account_id: int = 0
    people: dict[str, int] = field(default_factory=dict)
    sources: dict[int, int] = field(default_factory=dict)

    @property
    def platform(self) -> FakePlatform:
        return FakePlatform(self.folder / "platform")

    @property
    def ground(self) -> Ground:
        return Ground(
            http=Http(allow=()), vault=Vault.open(self.folder / "secret.key"), settings=ListenerSettings()
        )

    def viewer(
        self, name: str = "mia", *, role: str = "agent", brands: frozenset[int] | None = None
    ) -> Viewer:
        return Viewer(id=self.people[name], role=role, brand_ids=brands)

    def mention(  # the facts a test is about
        self, text: str = "My parcel has been stuck for two weeks", *, level: int = 2, sentiment: str = "negative",
        category: str = "delivery_delay", needs_reply: bool = True, language: str = "en", author: str | None = "ann",
        thread: str | None = None, channel: str = "fake", posted_at: datetime | None = None,
        brand_id: int | None = None,
        stage: str = "scored", scored: bool = True, collected_at: datetime | None = None, **fields: Any,
    ) -> int:  # fmt: skip
        """Store a mention that waits for triage and return its id."""
        number = next(_numbers)
        brand = brand_id or self.brand_id
        posted = posted_at or AT - timedelta(minutes=5)
        with self.db.work() as session:
            author_id = None
            if author is not None:
                found = session.scalar(
                    select(Author).where(Author.channel == channel, Author.external_id == author)
                )
                if found is None:
                    found = Author(channel=channel, external_id=author, handle=author)
                    session.add(found)
                    session.flush()
                author_id = found.id
            values: dict[str, Any] = {
                "external_id": f"m{number}", "url": f"https://fake.example.test/m{number}", "reply_mode": "api",
                "addressed_to_us": True, **fields,
            }  # fmt: skip
            row = Mention(
                channel=channel, author_id=author_id, text=text, fingerprint=f"f{number}",
                thread_id=thread or values["external_id"], posted_at=posted, collected_at=collected_at or posted,
                stage=stage, **values,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add(Hit(mention_id=row.id, source_id=self.sources[brand], brand_id=brand))
            if scored:
                self._score(session, row, level, sentiment, category, needs_reply, language)
            return row.id

    def rescore(self, mention_id: int, *, level: int = 2, text: str | None = None) -> None:
        """The customer edited the post: a new revision, scored again, waits for triage."""
        with self.db.work() as session:
            row = session.get_one(Mention, mention_id)
            row.revision += 1
            row.stage = "scored"
            row.edited_at = AT
            row.text = text or row.text + " (edited)"
            self._score(session, row, level, "negative", "delivery_delay", True, "en")

    def own_post(
        self, parent: str | None, text: str = "Thank you!", *, thread: str | None = None, **fields: Any
    ) -> int:
        """A post of our own account, as the listener stores it."""
        with self.db.work() as session:
            row = OwnPost(
                account_id=self.account_id, channel="fake", external_id=fields.pop("external_id", f"o{next(_numbers)}"),
                parent_id=parent, thread_id=thread, text=text, posted_at=fields.pop("posted_at", AT), **fields,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id

    def alerts(self) -> list[Alert]:
        with self.db.read() as session:
            return list(session.scalars(select(Alert).order_by(Alert.id)))

    def reply(self, reply_id: int) -> Reply:
        with self.db.read() as session:
            return session.get_one(Reply, reply_id)

    def external_id(self, mention_id: int) -> str:
        with self.db.read() as session:
            return session.get_one(Mention, mention_id).external_id

    @staticmethod
    def _score(
        session: Any, row: Mention, level: int, sentiment: str, category: str, needs: bool, language: str
    ) -> None:
        session.add(
            Score(
                mention_id=row.id, revision=row.revision, model="m1", language=language, sentiment=sentiment,
                negative=0.9, neutral=0.05, positive=0.05, level=level, alert_score=0.9 if level > 1 else 0.1,
                levels=[0.1, 0.1, 0.4, 0.4], category=category, needs_reply=needs, reasons=["stuck"], created_at=now(),
            )
        )  # fmt: skip


def build(db: Database, folder: Path) -> Scene:
    """Make the scene: brands Acme and Other, agents Mia and Noa, lead Lea; Omar sees Other only."""
    scene = Scene(db, folder)
    with db.work() as session:
        for name in ("Acme", "Other"):
            brand = Brand(name=name)
            account = Account(
                kind="fake", base_url=f"https://{name.lower()}.example.test", identity=name, limits={},
                options={"folder": str(folder / "platform")},
            )  # fmt: skip
            session.add_all([brand, account])
            session.flush()
            source = Source(account_id=account.id, brand_id=brand.id, name=f"{name} fake", kind="fake")
            session.add(source)
            session.flush()
            scene.sources[brand.id] = source.id
            if name == "Acme":
                scene.brand_id, scene.source_id, scene.account_id = brand.id, source.id, account.id
            else:
                scene.other_brand_id = brand.id
        for name, role in (
            ("mia", "agent"),
            ("noa", "agent"),
            ("lea", "lead"),
            ("max", "manager"),
            ("omar", "agent"),
        ):
            person = Person(email=f"{name}@example.test", name=name.capitalize(), role=role)
            session.add(person)
            session.flush()
            scene.people[name] = person.id
        session.add(PersonBrand(person_id=scene.people["omar"], brand_id=scene.other_brand_id))
    return scene
