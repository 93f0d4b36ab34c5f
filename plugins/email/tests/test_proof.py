"""Only what our own mail server says of a sender makes the address verified."""

import pytest
from router_email.channel import EmailChannel

from router.messages import Proof

from .conftest import mail, raw_of, settings_with

OURS = "mx.shop.example"
CHANNEL = EmailChannel("support", settings_with(trusted_authserv_id=OURS))


def proof(*results: str, sender: str = "Ana <ana@example.org>", channel: EmailChannel = CHANNEL) -> Proof:
    fields = "".join(f"Authentication-Results: {result}\r\n" for result in results)
    event = channel.decode(raw_of(fields.encode() + mail(**{"from": sender})))[0]
    return event.author.identities[0].proof


@pytest.mark.parametrize(
    "result",
    [
        f"{OURS}; dmarc=pass header.from=example.org",
        f"{OURS} 1; spf=fail; dkim=fail; dmarc=pass (p=reject) header.from=Example.org",
        f'{OURS};\r\n\tdkim=pass (2048 bit; "dmarc=fail") header.d=example.org header.s=a',
        f"{OURS}; dmarc=none header.from=example.org; dkim=pass header.i=@example.org",
        f"{OURS}; spf=pass smtp.mailfrom=bounces@example.org",
    ],
)
def test_sender_our_server_vouches_for_is_verified(result: str) -> None:
    assert proof(result) is Proof.VERIFIED


@pytest.mark.parametrize(
    "result",
    [
        "",
        "mx.evil.example; dmarc=pass header.from=example.org",
        f"{OURS}.evil.example; dmarc=pass header.from=example.org",
        f"x {OURS}; dmarc=pass header.from=example.org",
        f"({OURS}); dmarc=pass header.from=example.org",
        f"{OURS}; dmarc=pass header.from=evil.example",
        f"{OURS}; dmarc=pass",
        f"{OURS}; dkim=pass header.d=evil.example",
        f"{OURS}; dkim=pass header.d=org",
        f"{OURS}; spf=pass smtp.mailfrom=evil@sub.example.org",
        f"{OURS}; dkim=pass header.d=example.org; dmarc=fail header.from=example.org",
        f'{OURS}; spf=none reason="x; dmarc=pass header.from=example.org"',
        f"{OURS}; spf=none (; dmarc=pass header.from=example.org)",
        f"{OURS}; none",
    ],
)
def test_anything_else_stays_unverified(result: str) -> None:
    assert proof(result) is Proof.UNVERIFIED


def test_forged_field_below_that_of_our_server_does_not_count() -> None:
    said = f"{OURS}; dmarc=fail header.from=example.org"
    forged = f"{OURS}; dmarc=pass header.from=example.org"
    assert proof(said, forged) is Proof.UNVERIFIED
    assert proof("mx.other.example; dmarc=fail", forged) is Proof.VERIFIED


@pytest.mark.parametrize("sender", ["ana@example.org, eve@evil.example", "Ana ana@example.org"])
def test_unclear_sender_is_never_verified(sender: str) -> None:
    assert proof(f"{OURS}; dmarc=pass header.from=example.org", sender=sender) is Proof.UNVERIFIED


def test_without_the_setting_nobody_is_verified() -> None:
    plain = EmailChannel("support", settings_with())
    assert proof(f"{OURS}; dmarc=pass header.from=example.org", channel=plain) is Proof.UNVERIFIED
