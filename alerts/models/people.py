"""People, teams and their working hours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from listener.db import Base, now


class Person(Base):
    """Somebody who logs in or reads digests. Roles: agent, lead, manager, admin."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))  # argon2id; None = cannot log in yet
    role: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(8), default="en")
    timezone: Mapped[str] = mapped_column(String(60), default="UTC")
    active: Mapped[bool] = mapped_column(default=True)
    totp_secret: Mapped[str | None] = mapped_column(String(200))  # sealed
    digest_daily: Mapped[bool] = mapped_column(default=False)
    digest_weekly: Mapped[bool] = mapped_column(default=False)
    digest_hour: Mapped[int] = mapped_column(default=8)  # local hour, 0-23
    notify: Mapped[bool] = mapped_column(default=True)  # mails about alerts of level 3 and broken channels
    shortcuts: Mapped[bool] = mapped_column(default=True)  # single-letter keys in the panel
    created_at: Mapped[datetime] = mapped_column(default=now)


class PersonBrand(Base):
    """Brands a person may see; a person without any row sees all."""

    __tablename__ = "person_brand"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brand.id", ondelete="CASCADE"), primary_key=True)


class Team(Base):
    """A group of people with one calendar."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar.id", ondelete="SET NULL"))


class TeamMember(Base):
    """Who belongs to which team."""

    __tablename__ = "team_member"

    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)


class Calendar(Base):
    """Business hours: `spans` is a list of {"days": [0-6], "start": "22:00", "end": "02:00"}, Monday = 0, an end
    before its start runs past midnight; `holidays` a list of ISO dates; brand None = the default calendar."""

    __tablename__ = "calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brand.id", ondelete="CASCADE"))
    timezone: Mapped[str] = mapped_column(String(60), default="UTC")
    spans: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    holidays: Mapped[list[str]] = mapped_column(default=list)
