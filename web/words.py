"""The words of the domain for the reader: levels, categories, states, events. Names in, translated text out."""

from __future__ import annotations

from typing import Any

from alerts.guard import Problem
from listener import i18n
from listener.channels import channel_type
from web.page import _

URGENT = 2  # the level from which a post raises an alert by default


def level(number: int) -> str:
    """Name an urgency level."""
    return {3: _("Critical"), 2: _("High"), 1: _("Normal")}.get(number, _("Low"))


def certainty(number: int, share: float) -> str:
    """Say how likely a post of a level is to be urgent (High or Critical); `share` is the calibrated P(level >= 2).

    The model calls a post High from a chance below one half when missing it would cost more than looking at it.
    """
    chance = i18n.format_percent(share)
    if number >= URGENT and share < 0.5:  # noqa: PLR2004 - less likely than not
        return _("%(share)s likely to be urgent: enough to ask a person to look", share=chance)
    return _("%(share)s likely to be urgent", share=chance)


def sentiment(name: str) -> str:
    """Name a sentiment."""
    return {"negative": _("negative"), "neutral": _("neutral"), "positive": _("positive")}.get(name, name)


def category(name: str) -> str:
    """Name a category."""
    return {
        "delivery_delay": _("Delivery delay"),
        "product_quality": _("Product quality"),
        "technical_bug": _("Technical bug"),
        "outage_network": _("Outage"),
        "billing_payment": _("Billing and payment"),
        "refund_return": _("Refund or return"),
        "account_booking": _("Account or booking"),
        "fraud_security": _("Fraud or security"),
        "staff_service": _("Staff and service"),
        "safety_legal": _("Safety or legal"),
        "information_request": _("Question"),
        "praise": _("Praise"),
        "other_none": _("Other"),
    }.get(name, name)


def channel(kind: str) -> str:
    """Name a channel by its own title."""
    try:
        return channel_type(kind).title
    except (KeyError, ImportError):
        return kind.capitalize()


def state(name: str) -> str:
    """Name the state of an alert."""
    return {"open": _("Open"), "answered": _("Answered"), "closed": _("Closed")}.get(name, name)


def resolution(name: str | None) -> str:
    """Name how an alert was closed."""
    return {
        "resolved": _("resolved"),
        "not_urgent": _("not urgent"),
        "spam": _("spam"),
        "duplicate": _("duplicate"),
        "gone": _("post is gone"),
    }.get(name or "", name or "")


def role(name: str) -> str:
    """Name a role."""
    return {"agent": _("Agent"), "lead": _("Lead"), "manager": _("Manager"), "admin": _("Admin")}.get(
        name, name
    )


def reply_state(name: str) -> str:
    """Name the state of a reply."""
    return {
        "draft": _("draft"),
        "awaiting_approval": _("waits for approval"),
        "approved": _("about to be sent"),
        "sending": _("being sent"),
        "sent": _("sent"),
        "visible": _("visible on the platform"),
        "removed": _("removed by the platform"),
        "withdrawn": _("taken back"),
        "superseded": _("replaced"),
        "rejected": _("not approved"),
        "failed": _("failed"),
        "unknown": _("checking whether it was posted"),
        "by_hand": _("answered by hand"),
    }.get(name, name)


def delivery_state(name: str) -> str:
    """Name the state of a digest."""
    return {
        "waiting": _("waits"),
        "sending": _("on its way"),
        "sent": _("delivered"),
        "empty": _("nothing to say"),
        "failed": _("delivery failed"),
    }.get(name, name)


def occasion(name: str) -> str:
    """Name what a sentence of the playbook is for: `name` is the key's part after the step, without `_short`."""
    known = {
        "default": _("Whatever it is about"),
        "critical": _("Critical, whatever it is about"),
        "message": _("Written in public: asks for a private message"),
        "contact": _("Written in public: names our contact page"),
        "private": _("Written to us privately"),
    }
    if name in known:
        return known[name]
    head, _sep, tail = name.rpartition("_")
    if tail in known and head:
        return f"{category(head)} · {known[tail]}"
    return category(name)


def step(name: str) -> str:
    """Name a step of the five-step protocol."""
    return {
        "acknowledge": _("Acknowledge"),
        "apologise": _("Apologise and own it"),
        "solve": _("Offer a solution"),
        "offline": _("Take details offline"),
        "follow_up": _("Follow up"),
    }.get(name, name)


def problem(found: Problem) -> str:
    """Say what is wrong with a reply; a problem this file does not know keeps its own English words."""
    values = dict(found.values)
    known = {
        "empty": _("The reply is empty."),
        "card": _("This looks like a card number; it must not be public."),
        "iban": _("This looks like a bank account number; it must not be public."),
        "mail": _("An e-mail address will be public; make sure that it is not the customer's."),
        "phone": _("A phone number will be public; make sure that it is not the customer's."),
    }
    if found.code in known:
        return known[found.code]
    if found.code == "too_long" and {"over", "limit"} <= values.keys():
        return _(
            "The reply is too long by %(over)s; the limit is %(limit)s.",
            over=values["over"],
            limit=values["limit"],
        )
    if found.code == "too_short" and "minimum" in values:
        return _("The reply is too short: at least %(minimum)s.", minimum=values["minimum"])
    if found.code == "link" and "host" in values:
        return _("The link to %(host)s does not lead to us.", host=values["host"])
    if found.code == "language" and "language" in values:
        return _(
            "The customer wrote in another language (%(name)s).",
            name=i18n.language_name(str(values["language"])),
        )
    return found.text


def reason(text: str) -> str:
    """Return one of the reasons a score carries; they are words of the post or short names."""
    return text.replace("_", " ")


def event(kind: str, data: dict[str, Any] | None = None) -> str:
    """Say what happened."""
    known = {
        "alert.raised": _("Alert raised"),
        "alert.joined": _("The customer wrote again"),
        "alert.opened": _("Opened"),
        "alert.assigned": _("Assigned"),
        "alert.snoozed": _("Snoozed"),
        "alert.waiting": _("Waiting for the customer"),
        "alert.closed": _("Closed"),
        "alert.reopened": _("Reopened"),
        "alert.answered": _("Answered"),
        "alert.noted": _("Note written"),
        "alert.edited": _("The customer edited the post"),
        "alert.spread": _("The post spreads"),
        "alert.gone": _("The author deleted the post"),
        "alert.shortened": _("The author deleted the latest post"),
        "reply.approved": _("Reply approved"),
        "reply.awaits_approval": _("Reply waits for approval"),
        "reply.undone": _("Sending undone"),
        "reply.rejected": _("Reply not approved"),
        "reply.sent": _("Reply sent"),
        "reply.failed": _("Reply failed"),
        "reply.unknown": _("Sending had no clear end; checking"),
        "reply.by_hand": _("Answered by hand"),
        "reply.native": _("Answered on the platform"),
        "reply.visible": _("Reply visible on the platform"),
        "reply.superseded": _("Reply not sent: the post changed"),
        "feedback.given": _("Score corrected"),
    }
    text = known.get(kind, kind.replace(".", " ").replace("_", " ").capitalize())
    detail = (data or {}).get("resolution") or (data or {}).get("reason")
    return f"{text}: {resolution(str(detail))}" if detail else text


def lag(name: str) -> str:
    """Name a step between two instants of a case."""
    return {
        "posted-collected": _("written → heard"),
        "collected-scored": _("heard → scored"),
        "scored-raised": _("scored → alert"),
        "raised-opened": _("alert → opened"),
        "opened-approved": _("opened → answer approved"),
        "approved-sent": _("approved → sent"),
    }.get(name, name)
