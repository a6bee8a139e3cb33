"""The tables of the alerts room, one file per subject; import them from here."""

from alerts.models.cases import Alert, CaseMention, Event, Incident, Note, Rule
from alerts.models.people import Calendar, Person, PersonBrand, Team, TeamMember
from alerts.models.replies import Feedback, Idempotency, Playbook, Reply, Suggestion
from alerts.models.reports import Delivery, Digest, Hold

__all__ = [
    "Alert", "Calendar", "CaseMention", "Delivery", "Digest", "Event", "Feedback", "Hold", "Idempotency", "Incident",
    "Note", "Person", "PersonBrand", "Playbook", "Reply", "Rule", "Suggestion", "Team", "TeamMember",
]  # fmt: skip
