"""`allears account`."""

from __future__ import annotations

import sys

import click

from listener import accounts
from listener.cli.common import App, duration, pairs, print_json
from listener.cli.loopback import answer_of, listening

REDIRECT = "http://127.0.0.1:8766/accounts/callback"


@click.group()
def account() -> None:
    """Identities on platforms: credentials, limits and health, shared by their sources.

    \b
    Example:
      allears account list
      allears account connect mastodon --set base_url=https://social.example.test
    """


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """List all accounts; secrets are masked.

    \b
    Example:
      allears account list --json
    """
    rows = accounts.list_(app.db, app.ground)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    if not rows:
        click.echo("No account yet: `allears account connect KIND` or `allears source add` makes them.")
    for row in rows:
        known = f" as {row.handle}" if row.handle else ""
        named = ", ".join(row.sources) or "none"
        click.echo(f"{row.id}: {row.kind} {row.base_url}{known}, {row.health}, sources: {named}")
        if row.health_note:
            click.echo(f"  {row.health_note}")


@account.command("connect")
@click.argument("target", metavar="KIND|ID")
@click.option(
    "--set", "settings", multiple=True, help="key=value, key=env:VAR, or key=- to read it from stdin."
)
@click.option("--authorize", is_flag=True, help="With ID and --set: log in on the platform nevertheless.")
@click.option(
    "--paste", is_flag=True, help="Paste the address the browser ends at, instead of listening for it."
)
@click.option("--redirect-uri", default=REDIRECT, show_default=True, help="As registered with the platform.")
@click.option("--wait", default="5m", show_default=True, help="How long to wait for the answer: 90s, 5m.")
@click.pass_obj
def connect(
    app: App,
    target: str,
    settings: tuple[str, ...],
    *,
    authorize: bool,
    paste: bool,
    redirect_uri: str,
    wait: str,
) -> None:
    """Connect an account by logging in on the platform, or give one new credentials.

    KIND makes an account (or finds it, when it is there); ID connects an account again; its sources keep their cursor
    and history. ID with --set stores the credentials as given, without a log-in.

    \b
    Example:
      allears account connect mastodon --set base_url=https://social.example.test
      allears account connect youtube --set client_id=… --set client_secret=env:YT_SECRET --set channel_id=UC…
      allears account connect 3
      allears account connect 3 --set access_token=env:TOKEN
    """
    given = pairs(settings)
    seconds = duration(wait, flag="--wait")
    known = int(target) if target.isdecimal() else target
    if isinstance(known, int) and given and not authorize:
        click.echo(f"OK: {accounts.connect(app.db, app.ground, known, given)}")
        return
    pending = accounts.begin(app.db, app.ground, known, given, redirect_uri=redirect_uri)
    if paste:
        _show(pending)
        answer = answer_of(click.prompt("The address the browser ends at", prompt_suffix=":\n"))
    else:
        with listening(redirect_uri, pending.state) as there:
            _show(pending)
            answer = dict(there.wait(seconds.total_seconds() if seconds else 0))
    done = accounts.finish(app.db, app.ground, pending, answer)
    click.echo(f"OK: {done.line}")
    if done.new:
        click.echo(
            f"Account {done.account_id} is new; `allears source add {pending.kind} --account {done.account_id} "
            "--name … --brand …` listens with it."
        )
    else:
        click.echo(f"Account {done.account_id} is connected; its sources go on where they stopped.")


def _show(pending: accounts.Pending) -> None:
    click.echo(f"Redirect URI, as registered with the platform: {pending.redirect_uri}")
    click.echo(f"Open this address and log in as the account to connect:\n{pending.url}")
    sys.stdout.flush()


@account.command("test")
@click.argument("account_id", type=int)
@click.pass_obj
def test(app: App, account_id: int) -> None:
    """Try the connection of an account.

    \b
    Example:
      allears account test 3
    """
    click.echo(f"OK: {accounts.test(app.db, app.ground, account_id)}")


@account.command("remove")
@click.argument("account_id", type=int)
@click.pass_obj
def remove(app: App, account_id: int) -> None:
    """Forget an account without sources, and its credentials.

    \b
    Example:
      allears account remove 3
    """
    accounts.remove(app.db, account_id)
    click.echo(
        f"Account {account_id} removed. Take back its access in the account's settings on the platform, too."
    )
