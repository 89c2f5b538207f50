"""What a second opinion changes, in words and tables for a terminal, and as JSON.

WhatIf --told--> text        WhatIf --as_data--> plain data
"""

from __future__ import annotations

from pydantic import JsonValue

from rlvr.audit.asking.query import OUTCOMES
from rlvr.audit.asking.sql import Answer, as_table
from rlvr.audit.opinions.whatif import WhatIf

SHOWN_FLIPS = 15

_FLIP_COLUMNS = ("domain", "was", "reason", "other", "other_reason")


def told(found: WhatIf) -> str:
    """The whole account, most telling part first."""
    teaching = found.teaching
    parts = [
        _differing(found),
        _confusion(found),
        f"right only to ours {found.lost_right}, right only to the other {found.won_right}"
        + ("" if found.p_value is None else f"; McNemar p = {found.p_value:.3g}"),
        "What it would have done to training"
        + (", had the rollouts left out kept their verdicts:" if found.sampled else ":"),
        f"  groups whose advantages change sign  {teaching.sign_changed} of {teaching.groups}\n"
        f"  groups that would teach nothing      {teaching.became_flat}\n"
        f"  groups that would teach something    {teaching.ceased_flat}\n"
        f"  advantage-weighted error             {100 * teaching.weighted_error:.2f} %\n"
        f"  tokens pushed the wrong way          {teaching.tokens_pushed_wrong} of {teaching.tokens}\n"
        f"  mean reward                          {teaching.reward_change:+.4f}",
    ]
    if found.flips:
        parts += ["Fix first (by |change of advantage| x tokens):", as_table(_ranking(found))]
    return "\n\n".join(parts)


def as_data(found: WhatIf) -> dict[str, JsonValue]:
    """The same for programs."""
    teaching = found.teaching
    ranking = _ranking(found)
    return {
        "opinion": found.opinion,
        "rollouts": found.rollouts,
        "rollouts_graded_again": found.asked,
        "share_differing": found.share_differing,
        "confusion": [[was, other, n] for (was, other), n in sorted(found.confusion.items())],
        "right_only_to_ours": found.lost_right,
        "right_only_to_other": found.won_right,
        "mcnemar_p": found.p_value,
        "groups": teaching.groups,
        "groups_sign_changed": teaching.sign_changed,
        "groups_became_flat": teaching.became_flat,
        "groups_ceased_flat": teaching.ceased_flat,
        "advantage_weighted_error": teaching.weighted_error,
        "tokens": teaching.tokens,
        "tokens_pushed_wrong": teaching.tokens_pushed_wrong,
        "mean_reward_change": teaching.reward_change,
        "fix_first": [
            {name: value if isinstance(value, str | int | float) else str(value) for name, value in pairs}
            for pairs in (zip(ranking.columns, row, strict=True) for row in ranking.rows)
        ],
    }


def _differing(found: WhatIf) -> str:
    total = sum(found.confusion.values())
    differ = sum(n for (was, other), n in found.confusion.items() if was != other)
    if not found.sampled:
        return f"{found.opinion}: {differ} of {total} verdicts differ"
    return (
        f"{found.opinion}: {differ} verdicts differ of the {total} graded again; of all {found.rollouts}, "
        f"with each counted for those of its domain and outcome, an estimated "
        f"{100 * found.share_differing:.2f} %. Shares and means below are so counted."
    )


def _confusion(found: WhatIf) -> str:
    seen = [outcome for outcome in OUTCOMES if any(outcome in pair for pair in found.confusion)]
    rows: list[tuple[object, ...]] = [(was, *(found.confusion[was, other] for other in seen)) for was in seen]
    return as_table(Answer(("ours \\ other", *seen), rows))


def _ranking(found: WhatIf) -> Answer:
    """Kinds of flips, those first that moved the most advantage on the most tokens."""
    harm = found.teaching.harm
    total = sum(harm.values()) or 1.0
    ranked = sorted(found.flips, key=lambda flip: (-harm.get(flip, 0.0), -found.flips[flip], flip))
    rows: list[tuple[object, ...]] = [
        (*flip, found.flips[flip], harm.get(flip, 0.0) / total) for flip in ranked[:SHOWN_FLIPS]
    ]
    return Answer((*_FLIP_COLUMNS, "rollouts", "share_of_harm"), rows)
