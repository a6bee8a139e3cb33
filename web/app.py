"""Makes the Flask application for one context: guards, language, templates, blueprints, errors.

The only place where blueprints meet. It loads no model and starts nothing.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, request, url_for
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse

from alerts.errors import AlertsError, Conflict, Forbidden, NotFound
from listener import i18n, log, metrics
from listener.errors import ListenerError
from listener.text import direction
from web import (
    account,
    accounts,
    alert,
    auth,
    banners,
    clock,
    coverage,
    dashboard,
    digests,
    health,
    hooks,
    inbox,
    mailbox,
    page,
    people,
    playbook,
    preview,
    reply,
    rules,
    search,
    security,
    sources,
    words,
)
from web.api import blueprint as api
from web.api.problems import problem
from web.composition import Context
from web.icons import icon

MAX_BODY = 2_000_000  # hooks set their own, larger limit
logger = log.get(__name__)


class Id(IntegerConverter):
    """An id in an address; a longer number is no id, and no database could look for it."""

    regex = rf"\d{{1,{page.DIGITS}}}"


def create_app(ctx: Context) -> Flask:
    """Return the panel and API on `ctx`."""
    app = Flask(__name__)
    app.extensions["allears"] = ctx
    app.config.update(
        SECRET_KEY=ctx.secret_keys[0],  # signs only the messages between two pages
        SECRET_KEY_FALLBACKS=ctx.secret_keys[1:],
        SESSION_COOKIE_NAME="allears_messages",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=ctx.settings.public_url.startswith("https:"),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,  # addresses of files carry their digest
    )
    if ctx.settings.trusted_proxies:
        count = ctx.settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count
        )
    app.url_map.converters["int"] = Id
    security.install(app)
    app.before_request(_speak)
    app.teardown_request(_hush)
    app.before_request(_start_clock)
    app.after_request(_measure)
    _templates(app)
    for part in (
        auth,
        inbox,
        alert,
        reply,
        search,
        people,
        rules,
        sources,
        preview,
        coverage,
        dashboard,
        digests,
        playbook,
        account,
        accounts,
        mailbox,
    ):
        app.register_blueprint(part.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(hooks.blueprint)
    app.register_blueprint(api)
    _errors(app)
    return app


def _speak() -> None:
    g.language = ExitStack()
    g.language.enter_context(page.language())


def _hush(_error: BaseException | None) -> None:
    stack = g.pop("language", None)
    if stack is not None:
        stack.close()


def _start_clock() -> None:
    g.began = time.perf_counter()


def _measure(response: Response) -> Response:
    if "began" in g:
        spent = time.perf_counter() - g.began
        metrics.REQUEST_SECONDS.labels(endpoint=request.endpoint or "none").observe(spent)
    return response


def _templates(app: Flask) -> None:
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(newstyle=True, **i18n.jinja_callables("web"))  # type: ignore[attr-defined]
    env.filters.update(
        moment=page.moment, exactly=page.exactly, initials=page.initials, tone=page.tone, runs=direction
    )
    env.globals.update(
        icon=icon,
        may=security.may,
        csrf_token=security.csrf_token,
        static=_static,
        direction=i18n.direction,
        locale=i18n.current,
        number=i18n.format_number,
        percent=i18n.format_percent,
        duration=i18n.format_duration,
        language_name=i18n.language_name,
        clock=clock.words,
        level=words.level,
        certainty=words.certainty,
        sentiment=words.sentiment,
        category=words.category,
        channel_title=words.channel,
        state=words.state,
        resolution=words.resolution,
        event_text=words.event,
        role_name=words.role,
        reason=words.reason,
        problem_text=words.problem,
        step_name=words.step,
        reply_state=words.reply_state,
        lag_name=words.lag,
        delivery_state=words.delivery_state,
        day=i18n.format_day,
        nav_counts=inbox.nav_counts,
        account_choices=accounts.choices,
        page_banners=banners.banners,
    )
    app.context_processor(_every_page)


def _every_page() -> dict[str, Any]:
    ctx = security.context()
    return {
        "viewer": g.get("viewer"),
        "nonce": g.get("nonce", ""),
        "demo": ctx.demo,
        "simulator": ctx.simulator_url,
        "there": partial(_there, ctx.simulator_url),
    }


def _there(simulator: str | None, url: str) -> str:
    """Return where a post is looked at: in the demo on the simulator, because the platform has none of its posts."""
    if simulator is None or url.startswith(f"{simulator}/"):
        return url
    return f"{simulator}/go?{urlencode({'url': url})}"


@cache
def _digest_of(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]


def _static(name: str) -> str:
    """Return the address of one of our files; it changes with the content, so it may be cached for a year."""
    from flask import current_app  # noqa: PLC0415 - the name `app` is taken by the caller's world

    return url_for("static", filename=name, v=_digest_of(current_app.static_folder or "", name))


def _errors(app: Flask) -> None:
    app.register_error_handler(security.LoggedOut, _logged_out)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotFound, lambda error: _problem(404, str(error)))
    app.register_error_handler(Forbidden, lambda error: _problem(403, str(error)))
    app.register_error_handler(Conflict, lambda error: _problem(409, str(error)))
    app.register_error_handler(AlertsError, lambda error: _problem(400, str(error)))
    app.register_error_handler(ListenerError, lambda error: _problem(400, str(error)))
    app.register_error_handler(OperationalError, _database_away)


def _logged_out(_error: security.LoggedOut) -> AnyResponse:
    if page.wants_fragment():
        return Response(page._("You were logged out. Log in again; what you wrote is kept."), 401)
    return security.to_login()


def _http_error(error: HTTPException) -> AnyResponse:
    if error.code is not None and error.code < 400:  # noqa: PLR2004 - a redirect
        return error.get_response()
    return _problem(error.code or 500, error.description or "")


def _database_away(error: OperationalError) -> AnyResponse:
    logger.error("database.unavailable", error=type(error.orig).__name__)
    response = _problem(503, page._("The database does not answer. Try again in a few seconds."))
    response.headers["Retry-After"] = "5"
    return response


def _problem(status: int, text: str) -> Response:
    if request.path.startswith("/api/"):
        return problem(status, text)
    if page.wants_fragment():
        return Response(text, status, content_type="text/plain; charset=utf-8")
    return page.show("error.html", status=status, code=status, text=text)
