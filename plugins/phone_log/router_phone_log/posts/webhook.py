"""A post of the phone system in, an answer out: proven first, stored next, read later."""

from __future__ import annotations

import hashlib

from router.channel import ChannelContext, HttpReply, HttpRequest
from router.errors import InboundRejected
from router.messages import JsonValue, RawInbound
from router_phone_log.posts.proofs import is_proven
from router_phone_log.settings import WebhookSettings, secret

# Some PBXs take nothing but 200 for an answer.
_TAKEN = HttpReply(status=200)


class Webhook:
    """Takes the posts of one account in."""

    def __init__(self, settings: WebhookSettings, zone: str, ctx: ChannelContext) -> None:
        self._settings = settings
        self._zone = zone
        self._ctx = ctx
        self._secrets = tuple(secret(settings.secret_env).split())

    async def take(self, request: HttpRequest) -> HttpReply:
        """Store one post; InboundRejected when it is not proven."""
        if request.method != "POST":
            return HttpReply(status=405, headers={"Allow": "POST"})
        if len(request.body) > self._settings.max_bytes:
            return HttpReply(status=413)
        # What is signed is the address the outside called, not the one behind the proxy.
        url = self._ctx.public_url + request.target
        if not is_proven(request, self._settings, self._secrets, url):
            raise InboundRejected(
                f"the post carries no valid proof of its sender; check {self._settings.secret_env}, and with"
                " signed addresses the public URL"
            )
        await self._ctx.accept([self._item(request)])
        return _TAKEN

    def _item(self, request: HttpRequest) -> RawInbound:
        envelope: dict[str, JsonValue] = {
            "source": self._settings.format,
            "zone": self._zone,
            "content_type": request.headers.get("Content-Type", "")[:200],
        }
        digest = hashlib.blake2b(request.body, digest_size=20).hexdigest()
        return RawInbound(
            dedupe_key=f"post {self._settings.format} {digest}",
            raw=request.body,
            received_at=self._ctx.clock.now(),
            envelope=envelope,
        )
