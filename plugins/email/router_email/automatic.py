"""Header fields and envelope in; whether a machine wrote the mail, out.

RFC 3834, and what senders really do. Classifying never hides a mail: it only keeps machines from answering it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from router.messages import Automatic
from router_email.headers import Fields

LOOP_FIELD = "X-Omnirouter-Loop"
MAX_HOPS = 50

_DAEMON = re.compile(
    r"(mailer[-_.]?daemon|post[-_]master|mail[-_.]?daemon|postmaster|mdaemon"
    r"|mail[-_.]?delivery|mailerdaemon|mailsystem"
    r"|mailadmin|bounces?|double-bounce|mail-?subsystem|delivery[-_.]?(?:agent|failure"
    r"|status))([-+.=_].*)?",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail(er)? ?(delivery)?[- ]?(daemon|subsystem|system|administrator)|postmaster|internet mail delivery",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"(mail )?deliver(y|ing|able)\b.{0,40}(fail|status|notif|error|problem|report|delay"
    r"|unable|not possible)"
    r"|undeliver|non.?deliver|not (be )?delivered|delivery has failed|returned mail"
    r"|failure notice|mail system error|error during delivery"
    r"|message (could not|not|status|delayed)|could not send|mail failure|failed mail"
    r"|unzustellbar|warning: could not"
    r"|nondeliverable|(temporary|permanent) (delivery )?(failure|error)|delivery (was )?delayed"
    r"|returned to sender|bounced? (mail|message)|unable to deliver|rejected mail"
    r"|user unknown|email_?bounce"
    r"|メールエラー|配信不能|配信エラー|退信|无法投递|送信エラー|mensaje no entregado|non remis"
    r"|spam report|abuse report|feedback report|complaint about message",
    re.IGNORECASE,
)
# Whoever sends these: no customer of a shop begins a matter so.
_CERTAIN_SUBJECT = re.compile(
    r"(undelivered mail returned|failure notice|mail delivery (failed|system)|delivery status notification \("
    r"|complaint about message from \d|returned mail:|メールエラー通知|メール配信エラー"
    r"|配信不能通知|系统退信)",
    re.IGNORECASE,
)
_AWAY_SUBJECT = re.compile(
    r"\s*(re:\s*)?(auto(matic|mated|matische|matiska?|svar)?[- _]?(reply|response|antwort\w*|svar|risposta)"
    r"|autoreply|out of (the )?office|ooo:"
    r"|away from (my|the) (mail|office)|vacation (reply|response|notice|message)|abwesenheit"
    r"|réponse automatique"
    r"|absence du bureau|respuesta automática|fuera de (la )?oficina|resposta automática"
    r"|risposta automatica|fuori sede"
    r"|automatisch antwoord|afwezig|автоответ|自动回复|自動回覆|自動(返信|応答)|부재중|자동 ?(회신|응답))",
    re.IGNORECASE,
)
_REPORT_FIELDS = ("x-failed-recipients", "x-amz-sns-message-id")
_REPORT_KINDS = ("multipart/report", "message/delivery-status", "message/feedback-report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What kind of automatic mail it is.

    `may_be_report`: the subject sounds like a bounce; but parcels are delayed and undelivered too, so only
    the words of a known mail system in the text make it one.
    """

    automatic: Automatic
    may_be_report: bool = False


def classify(
    fields: Fields,
    *,
    kind: str,
    sender: str,
    sender_name: str,
    envelope_from: str | None,
    own: Collection[str],
) -> Nature:
    """Judge one mail. `envelope_from` is None where the door did not tell it, empty for the null path."""
    automatic = _automatic(fields, kind, sender, sender_name, envelope_from)
    if automatic is Automatic.NO and (_is_loop(fields, own) or sender in own):
        automatic = Automatic.REPLY
    return Nature(
        automatic=automatic,
        may_be_report=bool(_BOUNCE_SUBJECT.search(fields.text("subject")[:300]))
        and not fields.raw("in-reply-to"),
    )


def is_from_daemon(sender: str, sender_name: str) -> bool:
    """Tell whether the sender is a mail system, not a person."""
    return bool(_DAEMON.fullmatch(sender.partition("@")[0]) or _DAEMON_NAME.search(sender_name[:100]))


def _automatic(
    fields: Fields, kind: str, sender: str, sender_name: str, envelope_from: str | None
) -> Automatic:
    subject = fields.text("subject")[:300]
    null_path = envelope_from == "" or fields.raw("return-path").strip() == "<>"
    submitted = fields.raw("auto-submitted").strip().lower().partition(";")[0].strip()
    if _is_report(fields, kind, null_path, is_from_daemon(sender, sender_name), subject):
        return Automatic.REPORT
    if submitted.startswith("auto-replied") or any(
        name in fields
        for name in (
            "x-autoreply",
            "x-autorespond",
            "x-autoresponder",
            "x-auto-reply",
            "x-ms-exchange-inbox-rules-loop",
        )
    ):
        return Automatic.REPLY
    if _AWAY_SUBJECT.match(subject) or (null_path and "in-reply-to" in fields):
        return Automatic.REPLY
    if (submitted and submitted != "no") or _is_bulk(fields):
        return Automatic.BULK
    if null_path:
        return Automatic.REPLY
    return Automatic.NO


def _is_report(fields: Fields, kind: str, null_path: bool, from_daemon: bool, subject: str) -> bool:
    if (
        kind in _REPORT_KINDS
        or any(name in fields for name in _REPORT_FIELDS)
        or fields.raw("from").strip() == "<>"
    ):
        return True
    says_so = null_path and bool(_BOUNCE_SUBJECT.search(subject))
    return from_daemon or says_so or bool(_CERTAIN_SUBJECT.match(subject))


def _is_bulk(fields: Fields) -> bool:
    precedence = fields.raw("precedence").strip().lower()
    return (
        precedence in ("bulk", "list", "junk", "auto_reply")
        or any(name in fields for name in ("list-id", "list-post", "feedback-id"))
        or fields.raw("x-auto-response-suppress").strip().lower() == "bulk"
    )


def loop_mark(address: str, automatic: bool) -> str:
    """Give the value of our loop field: whose mail it is, and whether a machine wrote it."""
    mark = hashlib.blake2b(address.lower().encode(), digest_size=8).hexdigest()
    return f"{mark}; automatic" if automatic else mark


def _is_loop(fields: Fields, own: Collection[str]) -> bool:
    """Tell whether our own mail came back, or an automatic mail of another router, or a mail went in circles.

    A person at another company that uses this router is none of these.
    """
    mark, _, rest = fields.raw(LOOP_FIELD.lower()).strip().partition(";")
    ours = bool(mark) and mark in {loop_mark(address, False) for address in own}
    return ours or rest.strip() == "automatic" or len(fields.every("received", 1)) > MAX_HOPS
