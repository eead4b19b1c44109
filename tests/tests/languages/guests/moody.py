import random
import time
from dataclasses import dataclass

from sdk.policy import Context, Decision, Event, PluginError, policy


@dataclass
class Config:
    greeting: str = "dice"


@dataclass
class State:
    pass


def misbehave(cx: Context[Config], how: str) -> None:
    if how == "refuse":
        raise PluginError.permanent("will not")
    while how == "endless":
        pass
    hoard = []
    while how == "greedy":
        hoard.append(bytearray(1 << 26))
    if how == "bug":
        cx.nothing  # BUG


def decide(cx: Context[Config], state: State, event: Event) -> Decision:
    misbehave(cx, cx.config.greeting)
    order = " ".join({f"{random.random()}", "a", "b", "c"})
    return Decision.because(f"at {time.time()}: {random.SystemRandom().random()} {order}")


PolicyDecide = policy(decide, config=Config, state=State)
