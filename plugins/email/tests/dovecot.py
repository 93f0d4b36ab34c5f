"""A real Dovecot of one's own on loopback: IMAP with IDLE to read from, LMTP to deliver by."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from pathlib import Path

from router.testing.loopback import free_ports

PASSWORD = "pass-word-1"
USER = "shop"

_CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
default_login_user = dovenull
default_internal_user = dovecot
mail_location = maildir:{base}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%n allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  auth_username_format = %n
}}
"""


class Dovecot:
    """One server with its own folders; stop and start keep the mail."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self.imap_port, self.lmtp_port = free_ports(2)
        owner = pwd.getpwnam("nobody")
        for folder in (base, base / "mail"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        os.chown(base / "mail", owner.pw_uid, owner.pw_gid)
        self._config = base / "dovecot.conf"
        self._config.write_text(
            _CONFIG.format(
                base=base,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                password=PASSWORD,
                imap=self.imap_port,
                lmtp=self.lmtp_port,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("dovecot") is not None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self._config)], stderr=subprocess.DEVNULL, start_new_session=True
        )
        end = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.imap_port), timeout=60).close()
                return
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    log = self._base / "log"
                    raise RuntimeError(log.read_text() if log.exists() else "Dovecot did not start") from None
                time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(120)
            self._process = None

    def kill(self) -> None:
        """End every process of this server at once, those that serve connections too."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(120)
            self._process = None

    def deliver(self, content: bytes, count: int = 1) -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            for number in range(count):
                client.sendmail("ana@example.org", [USER], content.replace(b"NUMBER", str(number).encode()))

    def forget_uids(self) -> None:
        """Make Dovecot number the mailbox anew, under another UIDVALIDITY."""
        self.stop()
        for name in (self._base / "mail" / USER).glob("dovecot*"):
            if name.is_file():
                name.unlink()
        self.start()
