"""A small invented world for tests of the panel: brands, sources, posts with scores, alerts raised by the real triage.

People and brands are fictional. `world` is enough for most tests; `mention` adds one more post.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import people
from alerts.models import Alert
from alerts.triage import triage
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Account, Author, Brand, BrandQuery, Hit, Mention, Source
from sentiment.models import Score

PASSWORD = "a-long-password"
_numbers = itertools.count(1)

# (author, language, sentiment, level, category, needs_reply, words that weighed, minutes ago, text)
POSTS: tuple[tuple[str, str, str, int, str, bool, list[str], int, str], ...] = (
    ("Nadia Weiss", "en", "negative", 3, "safety_legal", True, ["sparks", "burning smell"], 34,
     "My Acme kettle threw sparks and there is a burning smell in the whole kitchen. Two kids at home. What do I do??"),
    ("tomas_k", "en", "negative", 3, "fraud_security", True, ["hacked", "changed the address"], 12,
     "Somebody hacked my Acme account and changed the address. Three orders I never made. Please block it now."),
    ("Claire Dubois", "fr", "negative", 2, "billing_payment", True, ["prélevé deux fois"], 95,
     "Acme m'a prélevé deux fois ce mois-ci et le loyer part demain. Personne ne répond depuis lundi."),
    ("Олег Смирнов", "ru", "negative", 2, "delivery_delay", True, ["третью неделю", "верните деньги"], 210,
     "Третью неделю жду заказ от Acme. Курьер не приехал, поддержка молчит. Верните деньги, иначе жалоба в банк."),
    ("נועה לוי", "he", "negative", 2, "outage_network", True, ["לא עובד", "עסק"], 50,
     "האפליקציה של Acme לא עובד לי מהבוקר, ואני מנהלת דרכה עסק. כמה זמן זה עוד ייקח? הזמנה 4512 תקועה."),
    ("Ben Okafor", "en", "negative", 2, "refund_return", True, ["refused", "third time"], 400,
     "Third time asking @acme: you refused the refund although the box arrived empty. I am done after this one."),
    ("daily_tech_wire", "en", "negative", 2, "outage_network", False, ["outage", "thousands"], 70,
     "Acme confirms an outage in the north; thousands of customers offline since this morning."),
    ("Priya N.", "en", "neutral", 1, "information_request", True, [], 180,
     "Does the Acme blender work on 110 V? Going abroad next month."),
    ("Jean Martin", "fr", "neutral", 1, "information_request", True, [], 300,
     "Bonjour Acme, livrez-vous aussi en Corse ?"),
    ("happy.camper", "en", "positive", 0, "praise", True, [], 240,
     "Acme replaced my lamp within a day, no questions asked. Best service in years."),
    ("Марина", "ru", "positive", 0, "praise", True, [], 500, "Спасибо Acme, чайник работает пятый год!"),
)  # fmt: skip


@dataclass
class World:
    """Ids of what was made."""

    brand: int = 0
    other_brand: int = 0
    source: int = 0
    other_source: int = 0
    people: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)  # by author
    mentions: dict[str, int] = field(default_factory=dict)
    foreign_alert: int = 0

    def in_front(self, alert_id: int) -> str:
        """What Mastodon wants in front of an answer: the author of the alert's post."""
        return next(f"@{author} " for author, known in self.alerts.items() if known == alert_id)

    @property
    def alert(self) -> int:
        """The burning kettle."""
        return self.alerts["Nadia Weiss"]


def email(role: str) -> str:
    return f"{role}@example.test"


def world(db: Database, ground: Ground, *, at: datetime | None = None) -> World:
    """Fill a database: two brands, their Mastodon sources, eleven posts of one brand and one of the other."""
    moment = at or now()
    made = World()
    with db.work() as session:
        made.brand, made.source = brand(session, ground, "Acme")
        made.other_brand, made.other_source = brand(session, ground, "Globex")
        for author, *facts in POSTS:
            language, sentiment, level, category, needs, reasons, minutes, text = facts
            made.mentions[author] = mention(
                session, made.brand, made.source, text, author=author, language=language, sentiment=sentiment,
                level=level, category=category, needs_reply=needs, reasons=reasons,
                posted=moment - timedelta(minutes=minutes),
            )  # fmt: skip
        foreign = mention(
            session, made.other_brand, made.other_source, "Globex lost my parcel and the deadline is today.",
            author="Foreign Customer", level=2, posted=moment - timedelta(minutes=5),
        )  # fmt: skip
    for role in people.ROLES:
        brands = ("Acme",) if role in {"agent", "lead"} else ()
        made.people[role] = people.add_person(
            db, email(role), role, PASSWORD, brands, name=f"{role.capitalize()} Example"
        )
    triage_all(db, at=moment)
    with db.read() as session:
        for alert in session.scalars(select(Alert)):
            made.alerts[
                next((name for name, key in made.mentions.items() if key == alert.mention_id), "")
            ] = alert.id
            if alert.mention_id == foreign:
                made.foreign_alert = alert.id
    return made


def triage_all(db: Database, *, at: datetime | None = None) -> None:
    while triage(db, at=at) is not None:
        pass


def brand(session: Session, ground: Ground, name: str) -> tuple[int, int]:
    """A brand with one Mastodon source that listens and replies; returns their ids."""
    made = Brand(name=name, contact_url=f"https://{name.lower()}.example.test/help")
    base = f"https://{name.lower()}.example.test"
    account = Account(
        kind="mastodon", base_url=base, identity="token:0f0f", options={"base_url": base}, health="ok",
        limits={"handle": f"@{name.lower()}"},
        secrets=ground.vault.seal({"access_token": "a-token-of-nobody"}),
    )  # fmt: skip
    session.add_all([made, account])
    session.flush()
    source = Source(
        account_id=account.id, brand_id=made.id, name=f"{name} on Mastodon", kind="mastodon", last_ok_at=now()
    )
    session.add_all([source, BrandQuery(brand_id=made.id, text=name)])
    session.flush()
    return made.id, source.id


def mention(
    session: Session, brand_id: int, source_id: int, text: str, *, author: str = "somebody", language: str = "en",
    sentiment: str = "negative", level: int = 2, category: str = "delivery_delay", needs_reply: bool = True,
    reasons: list[str] | None = None, posted: datetime | None = None, reply_mode: str = "api",
) -> int:  # fmt: skip
    """A scored post that waits for triage; returns its id."""
    number = next(_numbers)
    at = posted or now()
    writer = Author(
        channel="mastodon",
        instance="example.test",
        external_id=f"a{number}",
        handle=author,
        followers=number * 17,
    )
    session.add(writer)
    session.flush()
    post = Mention(
        channel="mastodon", instance="example.test", external_id=f"p{number}", author_id=writer.id, text=text,
        fingerprint=f"f{number}", url=f"https://example.test/@user/{number}", thread_id=f"t{number}", posted_at=at,
        collected_at=at + timedelta(seconds=40), stage="scored", reply_mode=reply_mode, language=language,
        addressed_to_us=True,
    )  # fmt: skip
    session.add(post)
    session.flush()
    session.add(Hit(mention_id=post.id, source_id=source_id, brand_id=brand_id))
    session.add(score(post.id, language, sentiment, level, category, needs_reply, reasons or []))
    session.flush()
    return post.id


def score(
    mention_id: int,
    language: str,
    sentiment: str,
    level: int,
    category: str,
    needs_reply: bool,
    reasons: list[str],
) -> Score:
    """What a sure model would say."""
    levels = [0.02, 0.02, 0.02, 0.02]
    levels[level] = 0.94
    sure = {name: 0.92 if name == sentiment else 0.04 for name in ("negative", "neutral", "positive")}
    return Score(
        mention_id=mention_id, revision=1, model="test", language=language, sentiment=sentiment, level=level,
        levels=levels,
        alert_score=levels[2] + levels[3], category=category, needs_reply=needs_reply,
        reasons=reasons, **sure,
    )  # fmt: skip
