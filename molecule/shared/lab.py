#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the disposable lab: systemd hosts and a corporate mail server in podman, on an isolated network.

  lab.py up [HOST...]      start the hosts (all by default; the mail server always); clears faults
  lab.py up --only HOST... start these hosts, and stop the other bare hosts
  lab.py reset HOST...     create bare hosts again from their image; empties the mailbox of replies
  lab.py reset --installed HOST...   the same, with the packages and the application installed, not configured
  lab.py clone NUMBER      copy the host catalog12, as it is now, to the hosts clone01, clone02 and so on, up to 20; 0: none
  lab.py fault NAME...     set exactly these faults of the mail server; `none` clears all faults
  lab.py entra METHOD PATH [JSON]   call the emulator on the host entra (tests/emulator/README.md, "Control")
  lab.py entra begin       reset the emulator to the tenant with which the scenarios start
  lab.py status            print the state of hosts, faults and network
  lab.py down              remove hosts and network; images, certificates and passwords stay
  lab.py purge             remove everything

Needs root and, on Debian, packages, which it names when they are missing. Keeps its secrets and the ssh_config for the
hosts in ~/.cache/catalog-mail-lab, or in CATALOG_MAIL_LAB_HOME:
`ssh -F ~/.cache/catalog-mail-lab/ssh_config catalog12`. The next `up` repairs the lab after a command that was killed at
any point. With CATALOG_MAIL_LAB=2 in the environment each command works on a second lab, and so on up to 9.
"""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable

from labkit import certificates, entra, faults, hosts, images, installed, network, podman, ssh
from labkit.definition import BARE_HOSTS, CLONED, CLONES, ENTRA, EVERY_HOST, HOSTS, MAIL, NETWORK, REPLIES, SUBNET, Host
from labkit.state import LabError, credentials, home, lock, remove_home, say


def up(names: list[str], only: bool) -> None:
    """Start the named hosts (all, if none is named) and the mail server, and clear faults. Raises LabError."""
    if only and not names:
        raise LabError("--only needs the names of the hosts to run: lab.py up --only HOST...")
    start = time.monotonic()
    wanted = [HOSTS[MAIL], *(host for host in _named(names or BARE_HOSTS) if host.name != MAIL)]
    passwords = _prepare(wanted)
    if HOSTS[MAIL].container in hosts.running():
        _clear_faults()
    if only:
        hosts.stop_others(wanted)
    hosts.ensure(wanted, passwords)
    if HOSTS[ENTRA] in wanted:
        entra.clear_faults()
    images.remove_outdated(host.image for host in HOSTS.values())
    say(f"The lab is up: {', '.join(host.name for host in wanted)} ({time.monotonic() - start:.1f} s).")


def reset(names: list[str], with_application: bool) -> None:
    """Create bare hosts again from their images, or hosts with everything installed. Raises LabError for the mail server."""
    if MAIL in names:
        raise LabError("`reset` does not create the shared mail server again. Run `lab.py down`, then `lab.py up`.")
    wanted = _named(names)
    passwords = _prepare(wanted)
    (hosts.replace_installed if with_application else hosts.replace)(wanted, passwords)
    _empty_mailbox_of_replies()


def clone(number: int) -> None:
    """Copy the host CLONED this many times, in place of earlier copies; 0 removes them. Raises LabError when it does not run."""
    if not 0 <= number <= len(CLONES):
        raise LabError(f"There can be at most {len(CLONES)} copies of {CLONED}.")
    if number == 0:
        hosts.remove_clones()
        return
    if HOSTS[CLONED].container not in hosts.running():
        raise LabError(f"The host {CLONED} does not run, so that it cannot be copied. Start it with: lab.py up {CLONED}")
    start = time.monotonic()
    hosts.clone(number, _prepare([HOSTS[CLONED]]))
    say(f"Copied {CLONED} {number} times ({time.monotonic() - start:.1f} s).")


def down() -> None:
    """Remove hosts and network."""
    _remove_hosts()
    say("Removed the lab's hosts and network; images, certificates and passwords stay.")


def purge() -> None:
    """Remove everything."""
    _remove_hosts()
    installed.remove_all()
    images.remove_all()
    say(f"Removed the lab's hosts, network and images, and {home()} with certificates and passwords.")
    remove_home()


def fault(names: list[str]) -> None:
    """Set exactly the named faults. Raises LabError when the mail server does not run."""
    if HOSTS[MAIL].container not in hosts.running():
        raise LabError("The mail server does not run, so that no fault can be set. Start it with: lab.py up")
    start = time.monotonic()
    wanted = [name for name in names if name != "none"]
    faults.set_to(wanted)
    say(f"The mail server's faults: {', '.join(wanted) or 'none'} ({time.monotonic() - start:.1f} s).")


def call_entra(words: list[str]) -> None:
    """Reset the emulator, or call its control API and print the response. Raises LabError for other arguments."""
    if words == ["begin"]:
        entra.begin()
        say("Reset the emulator to the tenant with which the scenarios start.")
    elif 2 <= len(words) <= 3:
        say(entra.control(*words))
    else:
        raise LabError("Run `lab.py entra begin` or `lab.py entra METHOD PATH [JSON]`, such as: lab.py entra GET state")


def status() -> None:
    """Print the state of hosts, faults, network and files."""
    running = hosts.running()
    for host in (host for host in EVERY_HOST.values() if host.name in HOSTS or host.container in running):
        state = (hosts.trouble(host) or "ready") if host.container in running else "not running"
        say(f"{host.name:<10} {host.fqdn + ' ' + host.address:<40} {state}")
    seen = ", ".join(faults.in_force()) or "none" if HOSTS[MAIL].container in running else "-"
    say(f"{'faults':<10} {seen}")
    say(f"{'network':<10} {SUBNET} ({NETWORK}), isolated")
    say(f"{'files':<10} {home()}: ca.crt, credentials.json, ssh_config")


def _empty_mailbox_of_replies() -> None:
    """Remove what was sent for a host that is gone: a new host has a new key, and takes it for another installation's."""
    if HOSTS[MAIL].container in hosts.running():
        podman.attempt("exec", HOSTS[MAIL].container, "doveadm", "expunge", "-u", REPLIES, "mailbox", "*", "all")


def _named(names: Iterable[str]) -> list[Host]:
    """Return the hosts of these names, each once. Raises LabError for an unknown name."""
    for name in names:
        if name not in HOSTS:
            raise LabError(f"There is no host {name} in the lab. There are: {' '.join(HOSTS)}.")
    return [HOSTS[name] for name in dict.fromkeys(names)]


def _prepare(wanted: list[Host]) -> dict[str, str]:
    """Create missing certificates, keys, images and network; return the users' passwords."""
    passwords = credentials()
    certificates.ensure()
    ssh.ensure()
    images.ensure(host.image for host in wanted)
    network.ensure()
    return passwords


def _remove_hosts() -> None:
    ssh.end_connections(EVERY_HOST.values())
    hosts.remove(hosts.found())
    hosts.remove_clones()
    network.remove()


def _clear_faults() -> None:
    """Clear faults that an earlier, perhaps killed, run has left."""
    try:
        left = faults.named()
    except LabError:
        return  # The server does not answer; `hosts.ensure` starts it again, without faults.
    if left:
        say(f"Clearing faults of an earlier run: {', '.join(left)}.")
        faults.set_to([])


def main() -> int:
    """Run the command on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up")
    starting.add_argument("--only", action="store_true")
    starting.add_argument("names", metavar="HOST", nargs="*")
    resetting = commands.add_parser("reset")
    resetting.add_argument("--installed", dest="with_application", action="store_true")
    resetting.add_argument("names", metavar="HOST", nargs="+")
    commands.add_parser("clone").add_argument("number", metavar="NUMBER", type=int)
    commands.add_parser("fault").add_argument("names", metavar="NAME", nargs="+")
    commands.add_parser("entra").add_argument("words", metavar="WORD", nargs="+")
    for name in ("status", "down", "purge"):
        commands.add_parser(name)
    arguments = vars(parser.parse_args())
    command: dict[str, Callable[..., None]] = {
        "up": up, "reset": reset, "clone": clone, "fault": fault, "entra": call_entra, "status": status, "down": down,
        "purge": purge,
    }
    try:
        podman.check_machine()
        with lock():
            command[arguments.pop("command")](**arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
