"""Show where in a response its answer was found.

    response + extracted answer --marked--> inert HTML, the answer's last occurrence inside <mark>

The ledger keeps the answer and not its place; the last occurrence is where verifiers look first. An answer
that was rewritten on extraction (a list, a number) is not found, and then nothing is marked.
"""

from __future__ import annotations

from markupsafe import Markup

from rlvr.audit.inert import inert


def marked(response: str, answer: str | None, limit: int) -> Markup:
    """About `limit` characters of the response: its beginning, and the answer with what follows it.

    What is left out between the two is counted.
    """
    start = response.rfind(answer) if answer else -1
    if answer is None or start < 0 or len(answer) > limit:
        return inert(response, limit)
    shown = inert(answer, limit)
    room = max(1, (limit - len(answer)) // 2)
    return Markup("{}<mark>{}</mark>{}").format(
        inert(response[:start], room), shown, inert(response[start + len(answer) :], room)
    )
