"""Addresses and tokens of a service: what cannot work is one error at once, and no error shows a token."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from tests.verifiers.scripted_service import (
    ScriptedService,
    refused,
)
from tests.verifiers.service_tools import echo, running_app
from verifiers.client import SyncVerifierClient, VerifierClient
from verifiers.errors import (
    VerifierSetupError,
    VerifierUnavailableError,
)
from verifiers.service.config import ServiceConfig
from verifiers.types import Verdict


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "127.0.0.1:8080", "http://", "http://127.0.0.1:99999", "http://[::1", "ftp://a", ""],
)
@pytest.mark.parametrize("client", [VerifierClient, SyncVerifierClient])
def test_a_url_that_no_service_can_have_is_one_clear_error_at_once(
    client: Callable[[str], object], url: str
) -> None:
    with pytest.raises(VerifierSetupError, match="looks like"):
        client(url)


@pytest.mark.parametrize("token", ["secr\u00e9t", "sec\nret", "sec ret"])
def test_a_token_that_cannot_be_sent_is_an_error_that_does_not_show_it(token: str) -> None:
    with pytest.raises(VerifierSetupError) as raised:
        VerifierClient("http://service", token=token)
    assert "sec" not in str(raised.value)


def test_the_white_space_around_a_token_is_not_part_of_it() -> None:
    async def run() -> Verdict:
        async with (
            running_app(ServiceConfig(workers=1, token="secret\n")) as (app, _),
            VerifierClient("http://a", token=" secret\n", transport=httpx.ASGITransport(app)) as client,
        ):
            return await client.verify(echo("a"))

    assert asyncio.run(run()).score == 1.0


def test_a_token_in_the_url_is_in_no_error() -> None:
    async def run() -> None:
        service = ScriptedService(refused)
        async with VerifierClient("http://any:secret@a", deadline_s=0.2, transport=service) as client:
            await client.verify(echo("a"))

    with pytest.raises(VerifierUnavailableError) as raised:
        asyncio.run(run())
    assert "secret" not in str(raised.value)
