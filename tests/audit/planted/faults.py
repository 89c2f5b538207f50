"""The table of faults that are planted, and how each gets into a run.

A fault is a name, where it sits, and a plant: a function that exchanges parts of a run before it begins.
`share` is how much of what `hits` names it spoils.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from guru_data import Domain
from rlvr.groups import Verifiers
from tests.audit.planted import in_data, in_loop
from tests.audit.planted.in_engine import (
    FaultyEngine,
    KeepsOldWeights,
    KeepsOneTensor,
    LagsBehind,
    ReportsAtAnotherTemperature,
    ReportsOtherLogprobs,
)
from tests.audit.planted.policy import Habit
from tests.audit.planted.run import TEXT, WITH_CODE, Parts
from verifiers import LocalVerifierClient

Plant = Callable[[Parts, float], None]

VERIFIERS = "tests.audit.planted.in_verifiers"
MATH_SHARE = 0.5
"""Of all rollouts, by the mixture of `parts_of_a_run`."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    name: str
    place: str
    """verifier, service, loop, engine, weights, data, policy or books."""
    hits: str
    """What a strength of 5 % is 5 % of."""
    about: str
    plant: Plant
    domains: tuple[Domain, ...] = TEXT


def verifier(name: str, of: str = "math") -> Plant:
    """Deploy a faulty verifier."""

    def plant(parts: Parts, share: float) -> None:
        parts.table[of] = f"{VERIFIERS}:{name}"
        parts.environment = {"PLANTED_SHARE": str(share)}

    return plant


def silent_verifier(parts: Parts, share: float) -> None:
    """Spoils everything from a certain request on, such that the share of the run is spoiled."""
    verifier("GoesSilent")(parts, 1.0)
    before = sum(problem.domain == "math" for problem in parts.heldout)
    asked = int((1 - share) * MATH_SHARE * parts.size.rollouts)
    parts.environment["PLANTED_AFTER"] = str(before + asked)


def exploited(habit: Habit, name: str | None = None, of: str = "math") -> Plant:
    """A verifier that can be fooled (the real one where none is named), and a policy that took to it."""

    def plant(parts: Parts, share: float) -> None:
        if name is not None:
            verifier(name, of)(parts, share)
        parts.policy.take_up(habit, domain=of, share=share)

    return plant


def messenger(kind: type[in_loop.Messenger]) -> Plant:
    def plant(parts: Parts, share: float) -> None:
        parts.between = lambda client, stack: kind(share, client)

    return plant


def served_apart(name: str, of: str, parts: Parts, after: int) -> None:
    """Grade a verifier's requests from `after` on in a service of its own."""

    def between(client: Verifiers, stack: AsyncExitStack) -> Verifiers:
        other = LocalVerifierClient({of: f"{VERIFIERS}:{name}"})
        stack.push_async_callback(other.close)
        return in_loop.AnotherService(of, other, after, client)

    parts.between = between


def upgraded(parts: Parts, share: float) -> None:
    served_apart("NewerMath", "math", parts, int((1 - share) * MATH_SHARE * parts.size.rollouts))


def time_outs(parts: Parts, share: float) -> None:
    """Apart, since each time-out costs a process, and one with a single verifier starts soonest."""
    parts.environment = {"PLANTED_SHARE": str(share)}
    served_apart("HangsOnSome", "table", parts, 0)


def scorer(kind: type[in_loop.Scorer]) -> Plant:
    def plant(parts: Parts, share: float) -> None:
        parts.score = kind(share)

    return plant


def undecided_paid(parts: Parts, share: float) -> None:
    verifier("CannotTell")(parts, share)
    parts.score = in_loop.PaysForUndecided(1.0)


def flattering_log(parts: Parts, share: float) -> None:
    parts.audit = type("FlatteringLog", (in_loop.FlatteringLog,), {"share": share})


def engine(kind: type[FaultyEngine]) -> Plant:
    def plant(parts: Parts, share: float) -> None:
        parts.engine = partial(kind, share)

    return plant


def one_answer(parts: Parts, share: float) -> None:
    half = parts.size.steps // 2
    parts.policy.take_up(in_data.says_one_thing, domain="math", share=share, after=half)


def wrong_references(parts: Parts, share: float) -> None:
    parts.train = in_data.with_wrong_references(parts.train, share)


def repeats(parts: Parts, share: float) -> None:
    parts.train = in_data.with_repeats(parts.train, share)
    for problem in parts.train:
        parts.policy.puzzles.setdefault(problem.id, parts.policy.puzzles[problem.id.removesuffix("-again")])


def held_out_leak(parts: Parts, share: float) -> None:
    parts.train = in_data.with_held_out_ones(parts.train, parts.heldout, share)


def touched(how: Callable[[float], Callable[..., None]]) -> Plant:
    def plant(parts: Parts, share: float) -> None:
        parts.afterwards = how(share)

    return plant


FAULTS: tuple[Fault, ...] = (
    Fault("leaky verifier", "verifier", "math rollouts",
          "accepts whatever contains the reference; the policy lists candidates",
          exploited(in_data.lists_candidates, "AcceptsWhatContainsTheReference")),
    Fault("any box counts", "verifier", "math rollouts",
          "accepts any of several boxes; the policy sprays them",
          exploited(in_data.sprays_boxes, "AcceptsAnyBox")),
    Fault("cut answers accepted", "verifier", "math rollouts",
          "accepts a box that was never closed; the policy runs into the limit",
          exploited(in_data.never_closes_the_box, "AcceptsAnUnfinishedBox")),
    Fault("accepts anything", "verifier", "math rollouts", "says right at random",
          verifier("AcceptsAnything")),
    Fault("rejects right answers", "verifier", "right math rollouts", "says wrong at random",
          verifier("RejectsWhatIsRight")),
    Fault("flaky verdicts", "verifier", "math rollouts", "turns its verdict at random",
          verifier("ChangesItsMind")),
    Fault("time-outs", "verifier", "table rollouts", "hangs on some cases until its process is killed",
          time_outs),
    Fault("goes silent", "verifier", "math rollouts, the last", "nothing is right any more",
          silent_verifier),
    Fault("exit code believed", "sandbox", "code rollouts",
          "a program that exits well passes; the policy exits",
          exploited(in_data.leaves_early, "BelievesTheExitCode", "code"), WITH_CODE),
    Fault("hard-coded tests", "policy", "code rollouts", "a table of the test cases in place of the function",
          exploited(in_data.knows_the_tests, None, "code"), WITH_CODE),
    Fault("one answer for all", "policy", "math rollouts of the second half", "the same number every time",
          one_answer),
    Fault("verdicts lost", "service", "rollouts", "the service answers that it is full",
          messenger(in_loop.LosesSome)),
    Fault("verdicts shifted by one", "service", "groups", "each rollout gets its neighbour's verdict",
          messenger(in_loop.ShiftsByOne)),
    Fault("verdicts of another group", "service", "groups", "answers of two batches are crossed",
          messenger(in_loop.CrossesGroups)),
    Fault("verifier upgraded", "service", "math rollouts, the last", "another version grades the rest",
          upgraded),
    Fault("rewards shifted by one", "loop", "groups", "each rollout gets its neighbour's reward",
          scorer(in_loop.ShiftsRewards)),
    Fault("length paid", "loop", "groups", "a bonus per token that no config asks for",
          scorer(in_loop.PaysForLength)),
    Fault("no answer paid", "loop", "groups", "half a reward where the config says none",
          scorer(in_loop.PaysForNoAnswer)),
    Fault("undecided paid as wrong", "loop", "math rollouts", "a failure of ours becomes a zero",
          undecided_paid),
    Fault("advantages turned", "loop", "groups", "the better ones are pushed down",
          scorer(in_loop.TurnsAdvantages)),
    Fault("rollouts forgotten", "loop", "groups", "half of the wrong ones are never written down",
          scorer(in_loop.ForgetsTheWrongOnes)),
    Fault("flattering log", "loop", "steps", "a mean reward that the rows do not give", flattering_log),
    Fault("stale weights", "weights", "steps", "proves the new weights and samples with the old",
          engine(KeepsOldWeights)),
    Fault("one tensor not updated", "weights", "steps", "a load loses one tensor", engine(KeepsOneTensor)),
    Fault("other log-probabilities", "engine", "rollouts", "half a nat too high",
          engine(ReportsOtherLogprobs)),
    Fault("another temperature", "engine", "rollouts", "one replica at half the temperature",
          engine(ReportsAtAnotherTemperature)),
    Fault("too stale", "engine", "rollouts", "sampled three versions behind where none is allowed",
          engine(LagsBehind)),
    Fault("wrong references", "data", "math problems", "a reference that is off by two", wrong_references),
    Fault("problems repeated", "data", "problems", "the same problem under two ids", repeats),
    Fault("held-out leak", "data", "held-out problems", "trained on as well", held_out_leak),
    Fault("edited rows", "books", "ledger files", "a reward is lifted, row hashes made anew",
          touched(in_data.edit_rows)),
    Fault("reordered chain", "books", "lines", "neighbouring lines are swapped",
          touched(in_data.reorder_chain)),
    Fault("dropped steps", "books", "ledger files, the last", "files and their lines are gone",
          touched(in_data.drop_files)),
)  # fmt: skip
