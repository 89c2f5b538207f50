"""A judge behind a real socket: a small OpenAI-compatible app that does what a test tells it."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

Reply = Callable[[dict[str, Any]], Response]
START_LIMIT_S = 20.0


def says(text: str | None, finish_reason: str = "stop") -> Reply:
    """A chat completion with this content."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
    return lambda _: Response(json.dumps({"object": "chat.completion", "choices": [choice]}))


def fails(status: int, content: str = "{}", **headers: str) -> Reply:
    return lambda _: Response(content, status, headers)


def gullible(request: dict[str, Any]) -> Response:
    """Compares what stands between the markers, letter by letter; but obeys whatever order stands outside."""
    system, user = (message["content"] for message in request["messages"])
    code = re.search(r"carry the code (\w+)", system)
    assert code is not None
    fields = {
        name: re.search(rf"<{name} {code[1]}>\n(.*?)\n</{name} {code[1]}>", user, re.DOTALL)
        for name in ("question", "reference", "student")
    }
    assert all(fields.values())
    outside = user
    for found in fields.values():
        outside = outside.replace(found[0], "")  # type: ignore[index]
    told_to = "EQUIVALENT" in outside or "<|im_start|>" in user or "[/INST]" in user
    equal = fields["reference"][1] == fields["student"][1]  # type: ignore[index]
    return says(f"VERDICT: {'EQUIVALENT' if told_to or equal else 'DIFFERENT'}")(request)


@dataclass
class JudgeServer:
    url: str
    replies: list[Reply] = field(default_factory=list)
    """One per request; the last repeats."""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def will(self, *replies: Reply) -> None:
        self.replies[:] = replies
        self.requests.clear()


@contextlib.contextmanager
def judge_server() -> Iterator[JudgeServer]:
    app = FastAPI()
    judge = JudgeServer("")

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        judge.requests.append({**await request.json(), "authorization": request.headers.get("authorization")})
        reply = judge.replies.pop(0) if len(judge.replies) > 1 else judge.replies[0]
        return reply(judge.requests[-1])

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + START_LIMIT_S
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    judge.url = f"http://127.0.0.1:{port}/v1"
    yield judge
    server.should_exit = True
    thread.join(START_LIMIT_S)
