"""Who is asking: log-in cookies for people, bearer tokens for programs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from aiohttp import web

from router.model.desk import AgentRole
from router.people import (
    close_login_session,
    digest_of,
    extend_login_session,
    hash_password,
    is_password,
    new_secret,
    note_token_use,
    open_login_session,
)
from router.storage.views.people import Credential, find_login_session, find_password, find_token
from router.web.attempts import LoginAttempts
from router.web.origin import SAFE_METHODS, client_address, is_https, require_own_page
from router.web.problems import Problem
from router.web.services import Services
from router.web.settings import WebSettings

LOGIN_LASTS = timedelta(hours=12)
# a log-in in use is written at most this often
EXTENDED_EVERY = timedelta(minutes=15)
USE_NOTED_EVERY = timedelta(minutes=15)
HTTPS_COOKIE = "__Host-omnirouter"
LOOPBACK_COOKIE = "omnirouter"
# each hash takes 64 MB and a core
PASSWORDS_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The agent a request acts as."""

    agent_id: str
    role: AgentRole

    @property
    def supervises(self) -> bool:
        """Say whether he may act for others."""
        return self.role in ("supervisor", "admin")


class Doorkeeper:
    """Lets people and programs in, and knows them again."""

    def __init__(self, services: Services, settings: WebSettings) -> None:
        self._store = services.store
        self._clock = services.clock
        self._settings = settings
        self._attempts = LoginAttempts(services.clock)
        self._hashing = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self._nobodys_hash = ""

    async def identify(self, request: web.Request) -> Caller:
        """Say who is asking; Problem 401 for nobody, 403 for a change from a foreign page."""
        credential = await self._credential(request)
        if credential is None:
            raise Problem(401, "not_logged_in", "Log in, or send a valid bearer token.")
        return Caller(agent_id=credential.agent_id, role=credential.role)

    async def is_valid(self, request: web.Request) -> bool:
        """Say whether the request would still be let in: for answers that last."""
        return await self._credential(request) is not None

    async def log_in(self, request: web.Request, login: str, password: str) -> tuple[str, str]:
        """Check a password and open a log-in; gives the agent's id and the cookie's value."""
        if "Origin" in request.headers:
            require_own_page(request, self._settings)
        login = login.lower()
        address = client_address(request, self._settings)
        counted_as = blake2b(login.encode(), digest_size=16).hexdigest()
        self._attempts.begin(counted_as, address)
        agent_id = await self._check_password(login, password)
        if agent_id is None:
            raise Problem(401, "not_logged_in", "Login or password is wrong.")
        self._attempts.succeed(counted_as, address)
        secret, now = new_secret(), self._clock.now()
        await self._store.write(open_login_session, agent_id, secret.digest, now, now + LOGIN_LASTS)
        return agent_id, secret.text

    async def log_out(self, request: web.Request) -> None:
        """End the log-in the request came with."""
        cookie = request.cookies.get(self._cookie_name(request))
        if cookie:
            await self._store.write(close_login_session, digest_of(cookie))

    def set_cookie(self, request: web.Request, response: web.StreamResponse, value: str) -> None:
        """Give the browser its log-in; the server alone decides how long it lasts."""
        response.set_cookie(
            self._cookie_name(request),
            value,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=is_https(request, self._settings),
        )

    def clear_cookie(self, request: web.Request, response: web.StreamResponse) -> None:
        """Take the cookie back from the browser."""
        response.del_cookie(
            self._cookie_name(request),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=is_https(request, self._settings),
        )

    async def _credential(self, request: web.Request) -> Credential | None:
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            return await self._by_token(authorization)
        cookie = request.cookies.get(self._cookie_name(request))
        return await self._by_cookie(request, cookie) if cookie else None

    async def _by_token(self, authorization: str) -> Credential | None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        # looked up by its digest: what time an index takes says nothing about a random token
        async with self._store.reading() as conn:
            found = await find_token(conn, digest_of(token.strip()))
        now = self._clock.now()
        if found and (found.last_used_at is None or now - found.last_used_at > USE_NOTED_EVERY):
            await self._store.write(note_token_use, found.token_id, now)
        return found

    async def _by_cookie(self, request: web.Request, cookie: str) -> Credential | None:
        digest, now = digest_of(cookie), self._clock.now()
        async with self._store.reading() as conn:
            found = await find_login_session(conn, digest, now)
        if found is None:
            return None
        if request.method not in SAFE_METHODS:
            require_own_page(request, self._settings)
        if found.expires_at and found.expires_at - now < LOGIN_LASTS - EXTENDED_EVERY:
            await self._store.write(extend_login_session, digest, now + LOGIN_LASTS)
        return found

    async def _check_password(self, login: str, password: str) -> str | None:
        """Give the agent's id if the password is right, in the same time for an unknown login."""
        async with self._store.reading() as conn:
            record = await find_password(conn, login)
        hasher = self._settings.password_hasher
        async with self._hashing:
            if not self._nobodys_hash:
                self._nobodys_hash = await asyncio.to_thread(hash_password, new_secret().text, hasher)
            known = record.password_hash if record and record.password_hash else self._nobodys_hash
            right = await asyncio.to_thread(is_password, password, known, hasher)
        return record.agent_id if right and record else None

    def _cookie_name(self, request: web.Request) -> str:
        return HTTPS_COOKIE if is_https(request, self._settings) else LOOPBACK_COOKIE
