"""Webhooks: the raw request goes to the channel that it is for, before any session or form is looked at."""

from __future__ import annotations

from flask import Blueprint, Response, request

from listener import hooks as listener_hooks
from listener.channels.base import Hook
from listener.hooks import HookError
from web.page import Answer
from web.security import BEARER, context, requires

blueprint = Blueprint("hooks", __name__)


@blueprint.route("/hooks/<source>/<secret>", methods=["GET", "POST"])
@requires(BEARER)
def receive(source: str, secret: str) -> Answer:
    """Hand over one webhook; its secret is in the address, its signature is the channel's business."""
    request.max_content_length = listener_hooks.MOST_BYTES
    ctx = context()
    hook = Hook(
        method=request.method,
        headers=dict(request.headers),
        query=request.args.to_dict(),
        body=request.get_data(),
    )
    try:
        received = listener_hooks.receive(ctx.db, ctx.ground, source, secret, hook)
    except HookError as error:
        return Response(f"{error}\n", error.status, content_type="text/plain; charset=utf-8")
    if received.posts:
        ctx.wake.send("score")
    if received.answer is None:
        return Response(status=204)
    return Response(received.answer, content_type="text/plain; charset=utf-8")
