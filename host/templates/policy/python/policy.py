"""{{name}}: greets a new contact, and asks the rep to call if they download something."""

from dataclasses import dataclass

from sdk.policy import Context, Decision, Email, Event, Task, When, kind, policy


@dataclass
class Config:
    """The sequence's configuration, valid against the schema in plugin.toml."""

    #: The template of the greeting.
    greeting: str = "greeting"


@dataclass
class State:
    """What it remembers of one person's run. The next version reads what this one wrote: keep the
    names, and the defaults."""

    greeted: bool = False


def decide(cx: Context[Config], state: State, event: Event) -> Decision:
    if not state.greeted:
        state.greeted = True
        return (
            Decision.because("greets a new contact")
            .send(Email.template(cx.config.greeting))
            .timer("over", When.after_business_days(5))
        )
    if event.is_timer("over"):
        return Decision.because("nothing happened for a week").exit("completed")
    if event.kind == kind.RESOURCE_DOWNLOADED:
        what = event.text("resource") or "something"
        return Decision.because(f"downloaded {what}").task(Task.titled("Call {{ contact.first_name }}").body(what))
    return Decision.because(f"{event.kind} needs no answer")


PolicyDecide = policy(decide, config=Config, state=State)
