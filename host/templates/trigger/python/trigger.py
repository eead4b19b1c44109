"""{{name}}: turns the webhooks of a form tool into events."""

from dataclasses import dataclass

from sdk.trigger import Event, Request, TriggerContext, kind, parse_time, webhook


@dataclass
class Config:
    """The connection's configuration, valid against the schema in plugin.toml."""

    #: Only this form is listened to.
    form: str


def receive(cx: TriggerContext[Config], request: Request) -> list[Event]:
    # The body of a webhook, as the form tool's manual gives it.
    told = request.json()
    if told["form"] != cx.config.form:
        return []
    first_name = told.get("first_name")
    event = Event(
        # A webhook sent twice is one event: the key is made of what it tells, never of the clock.
        dedupe_key=told["id"],
        kind=kind.FORM_SUBMITTED,
        occurred_at=parse_time(told.get("submitted_at")) or cx.now,
        email=told["email"],
        fields={"first_name": first_name} if first_name else {},
        data={"form": told["form"]},
    )
    return [event]


TriggerWebhook = webhook(receive, config=Config)
