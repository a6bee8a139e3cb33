"""`allears user`: people who log in or read digests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy import select

from alerts import people
from alerts.models import Person, PersonBrand
from listener.models import Brand


@click.group()
def user() -> None:
    """People who log in or read digests.

    Example: printf '%s' "$PASSWORD" | allears user add mia@example.test --role agent --password-stdin
    """


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(people.ROLES), required=True)
@click.option("--brand", "brands", multiple=True, help="Only this brand; may be repeated. Default: all.")
@click.option("--name", default="")
@click.option("--locale", type=click.Choice(["en", "fr", "ru", "he"]), default="en", show_default=True)
@click.option("--timezone", default="UTC", show_default=True, help="For example Europe/Paris.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def add_user(
    app: Any,
    email: str,
    role: str,
    brands: Sequence[str],
    name: str,
    locale: str,
    timezone: str,
    *,
    password_stdin: bool,
) -> None:
    """Add somebody; without a password they cannot log in yet. Managers get the daily and weekly digest.

    Example: printf '%s' "$PASSWORD" | allears user add mia@example.test --role agent --brand Acme --password-stdin
    """
    digests = role == "manager"
    person_id = people.add_person(
        app.db, email, role, _password() if password_stdin else None, brands, name=name, locale=locale,
        timezone=timezone, digest_daily=digests, digest_weekly=digests,
    )  # fmt: skip
    click.echo(f"Added {people.normal(email)} as {role} (id {person_id}).")


@user.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_users(app: Any, *, as_json: bool) -> None:
    """List everybody.

    Example: allears user list
    """
    with app.db.read() as session:
        names: dict[int, list[str]] = {}
        for person_id, brand in session.execute(
            select(PersonBrand.person_id, Brand.name).join(Brand, Brand.id == PersonBrand.brand_id)
        ):
            names.setdefault(person_id, []).append(brand)
        rows = [
            {
                "id": row.id, "email": row.email, "name": row.name, "role": row.role, "active": row.active,
                "brands": sorted(names.get(row.id, [])), "can_log_in": row.active and row.password_hash is not None,
            }
            for row in session.scalars(select(Person).order_by(Person.email))
        ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        brands = ", ".join(row["brands"]) or "all brands"
        click.echo(f"{row['email']}  {row['role']}  {brands}{'' if row['active'] else '  (deactivated)'}")


@user.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@click.pass_obj
def set_password(app: Any, email: str, *, password_stdin: bool) -> None:
    """Set a new password.

    Example: printf '%s' "$PASSWORD" | allears user password mia@example.test --password-stdin
    """
    del password_stdin
    people.set_password(app.db, email, _password())
    click.echo(f"The password of {people.normal(email)} is changed.")


@user.command("deactivate")
@click.argument("email")
@click.option("--again", "back", is_flag=True, help="Let them in again.")
@click.pass_obj
def deactivate(app: Any, email: str, *, back: bool) -> None:
    """Lock somebody out; what they did stays on record.

    Example: allears user deactivate mia@example.test
    """
    people.set_active(app.db, email, active=back)
    click.echo(f"{people.normal(email)} {'may log in again' if back else 'can no longer log in'}.")


def _password() -> str:
    """Read one line; only the line break at its end is not part of the password."""
    return sys.stdin.readline().rstrip("\r\n")
