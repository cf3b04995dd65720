# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a real Dovecot 2.3 of Debian's packages on its own ports and folder: IMAP, IMAP over TLS, LMTP."""

from __future__ import annotations

import base64
import contextlib
import imaplib
import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from helpers.service.certificates import Authority
from helpers.service.process import free_port, wait_until_free
from helpers.waiting import PATIENCE, wait_until

PROGRAM = Path("/usr/sbin/dovecot")
# Dovecot's own capabilities; options remove some.
CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT THREAD=REFERENCES MULTIAPPEND UNSELECT CHILDREN NAMESPACE UIDPLUS"
    " LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE"
    " SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"
)
# Mail belongs to user nobody: Dovecot refuses to read mail as root.
OWNER = 65534
# RFC 4314's rights: all; all but `w`, so that \Seen is kept and keywords are not; lookup and read only.
ALL_RIGHTS, NO_KEYWORDS, READ_ONLY = "lrwstipekxa", "lrstipekxa", "lr"

PASSWORD = "right-in-a-test"

_numbers = itertools.count(1)

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1, 127.0.0.2
ssl = {ssl}
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_username_chars =
auth_failure_delay = 0
mail_max_userip_connections = 1000
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins = acl
imap_capability = {capabilities}
plugin {{
  acl = vfile
}}
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service anvil {{
  client_limit = 4000
  # No pause for those who gave a wrong password before.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = {ssl}
  }}
  process_min_avail = 1
  service_count = 0
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@example.com
}}
"""


@dataclass(frozen=True)
class StoredMessage:
    """A message stored in a mailbox."""

    uid: int
    flags: frozenset[str]
    internaldate: datetime
    content: bytes

    @property
    def seen(self) -> bool:
        return "\\Seen" in self.flags


class Dovecot:
    """A server with users of its own. `imap` (plain and STARTTLS), `imaps` and `lmtp` are its ports on 127.0.0.1.

    127.0.0.2 answers too, and is not in the certificate, which names `localhost` and `127.0.0.1`. `without` takes capabilities
    away (`IDLE`, `MOVE`, `UIDPLUS`); `starttls=False` switches TLS off altogether. With `prefix` the names of all mailboxes but
    INBOX begin with it.
    """

    def __init__(self, *, without: Iterable[str] = (), starttls: bool = True, separator: str = ".", prefix: str = "") -> None:
        # Not below pytest's own folders: those are too long for the names of sockets, and only root may enter them.
        self.folder = Path(tempfile.mkdtemp(prefix="catalog-mail-dovecot-"))
        self.folder.chmod(0o755)
        self.authority = Authority(self.folder)
        self.imap, self.imaps, self.lmtp = free_port(), free_port(), free_port()
        self._passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        absent = set(without)
        configuration = CONFIGURATION.format(
            folder=self.folder, certificate=self.authority.server_file("localhost", "127.0.0.1"),
            ssl="yes" if starttls else "no", separator=separator, prefix=prefix, imap=self.imap, imaps=self.imaps, lmtp=self.lmtp,
            capabilities=" ".join(word for word in CAPABILITIES.split() if word not in absent),
        )  # fmt: skip
        (self.folder / "dovecot.conf").write_text(configuration)
        (self.folder / "users").mkdir()

    # -- the server --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert PROGRAM.exists(), "Dovecot is not installed: Debian's packages dovecot-imapd and dovecot-lmtpd"
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", self.folder / "dovecot.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(self.folder / "stderr").open("ab"),
            start_new_session=True,
        )  # fmt: skip
        wait_until(self._answers, self.log)

    def stop(self) -> None:
        """Stop the server, which closes open connections."""
        self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """Kill all processes of the server at once, as when a host is lost."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop the server and remove its files."""
        self.kill9()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """Return the server's log."""
        return "".join(
            path.read_text(errors="replace") for path in (self.folder / "stderr", self.folder / "log") if path.exists()
        )

    def __enter__(self) -> Dovecot:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.remove()

    # -- users and mail ----------------------------------------------------------------------------------------------

    def add_user(self, name: str | None = None, password: str = PASSWORD, *, rights: str = ALL_RIGHTS) -> str:
        """Add a user with an empty mailbox; return the name. Without the right `w` keywords are not kept (NO_KEYWORDS)."""
        name = name or f"user{next(_numbers)}"
        secret = base64.b64encode(password.encode()).decode()
        # A file per user: a shared one is reread only once a second. Dovecot escapes the name before the lookup.
        known = f"{_escaped(name)}:{{PLAIN.b64}}{secret}:{OWNER}:{OWNER}::{self._home(name)}::\n"
        (self.folder / "users" / name).write_text(known)
        self._passwords[name] = password
        for folder in ("cur", "new", "tmp"):
            (self._home(name) / "Maildir" / folder).mkdir(parents=True)
        if rights != ALL_RIGHTS:
            (self._home(name) / "Maildir/dovecot-acl").write_text(f"owner {rights}\n")
        self._give(self._home(name))
        return name

    def deliver(
        self,
        user: str,
        content: bytes,
        mailbox: str = "INBOX",
        flags: Iterable[str] = (),
        internaldate: datetime | None = None,
    ) -> None:
        r"""Deliver a message. An unread message without flags is put into the maildir, as an LDA does; any other by APPEND.

        `flags` are those of IMAP (`\Seen`) and keywords; a mailbox other than INBOX is created when it is missing.
        """
        flags = tuple(flags)
        if mailbox == "INBOX" and not flags and internaldate is None:
            self._drop(user, content)
            return
        with self.connection(user) as imap:
            if mailbox != "INBOX":
                imap.create(_quoted(mailbox))
            date = imaplib.Time2Internaldate(internaldate) if internaldate else ""
            answer = imap.append(_quoted(mailbox), f"({' '.join(flags)})", date, content)
            assert answer[0] == "OK", answer

    def messages(self, user: str, mailbox: str = "INBOX") -> list[StoredMessage]:
        """Return the stored messages in order; an empty list when the mailbox is missing."""
        with self.connection(user) as imap:
            if imap.select(_quoted(mailbox), readonly=True)[0] != "OK":
                return []
            _status, found = imap.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
            return [_stored_messages(item[0], item[1]) for item in found if isinstance(item, tuple)]

    def set_flags(self, user: str, uids: str, flags: str, mailbox: str = "INBOX", how: str = "+FLAGS.SILENT") -> None:
        """Change flags as another program, such as a mail reader, does."""
        with self.connection(user) as imap:
            imap.select(_quoted(mailbox))
            assert imap.uid("STORE", uids, how, f"({flags})")[0] == "OK"

    def remove_messages(self, user: str, uids: str, mailbox: str = "INBOX") -> None:
        """Remove messages as another program does."""
        with self.connection(user) as imap:
            imap.select(_quoted(mailbox))
            imap.uid("STORE", uids, "+FLAGS.SILENT", "(\\Deleted)")
            assert imap.uid("EXPUNGE", uids)[0] == "OK"

    def reset_uidvalidity(self, user: str, mailbox: str = "INBOX") -> None:
        """Give all messages new UIDs under a new UIDVALIDITY, as a server does that lost its index. Flags are kept."""
        maildir = self._home(user) / "Maildir"
        place = maildir if mailbox == "INBOX" else maildir / f".{mailbox}"
        for path in place.glob("dovecot*"):
            if path.name.startswith(("dovecot-uidlist", "dovecot.index")):
                path.unlink()
        time.sleep(1.1)  # the new UIDVALIDITY is the time in seconds

    @contextlib.contextmanager
    def connection(self, user: str) -> Iterator[imaplib.IMAP4]:
        """Open a logged-in connection for the test itself."""
        imap = imaplib.IMAP4("127.0.0.1", self.imap, timeout=PATIENCE)
        try:
            imap.login(_quoted(user), self._passwords[user])
            yield imap
        finally:
            imap.shutdown()

    def password(self, user: str) -> str:
        return self._passwords[user]

    # -- inside ------------------------------------------------------------------------------------------------------

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.log()
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            imaplib.IMAP4("127.0.0.1", self.imap, timeout=5).shutdown()
            return True
        return False

    def _home(self, user: str) -> Path:
        return self.folder / "mail" / re.sub(r"\W", "_", user)

    def _drop(self, user: str, content: bytes) -> None:
        maildir = self._home(user) / "Maildir"
        now = time.time_ns()
        name = f"{now // 10**9}.M{now // 1000 % 10**6:06}P{os.getpid()}Q{next(_numbers):08}.test"
        draft = maildir / "tmp" / name
        draft.write_bytes(content)
        os.chown(draft, OWNER, OWNER)
        draft.rename(maildir / "new" / name)

    def _give(self, folder: Path) -> None:
        for path in (folder.parent, folder, *folder.rglob("*")):
            os.chown(path, OWNER, OWNER)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        group = self._process.pid
        self._process, process = None, self._process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, how)
        process.wait(PATIENCE)
        # Its processes would wait ten seconds for idling clients, and keep the ports.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        for port in (self.imap, self.imaps, self.lmtp):
            wait_until_free(port)


def _escaped(text: str) -> str:
    return re.sub(r"([\\\"'])", r"\\\1", text)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'([\\"])', r"\\\1", text) + '"'


def _stored_messages(head: bytes, content: bytes) -> StoredMessage:
    uid = re.search(rb"UID (\d+)", head)
    flags = re.search(rb"FLAGS \(([^)]*)\)", head)
    date = re.search(rb'INTERNALDATE "([^"]+)"', head)
    assert uid and flags and date, head
    arrived = datetime.strptime(date[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
    return StoredMessage(int(uid[1]), frozenset(flags[1].decode().split()), arrived, content)
