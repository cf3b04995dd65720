# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, start, replace and remove the lab's hosts: podman containers that run systemd."""
from __future__ import annotations

import concurrent.futures
import functools
import pathlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from labkit import content, entra, images, installed, kernel, podman, probes, ssh
from labkit.definition import (
    BARE_HOSTS,
    CLONE_IMAGE,
    CLONED,
    CLONES,
    CONTAINER_PREFIX,
    DNS_SERVER,
    ENTRA,
    EVERY_HOST,
    HOSTS,
    LABEL,
    MAIL,
    NETWORK,
    Host,
    digest,
)
from labkit.network import has_ipv6
from labkit.state import LabError, say

_BOOT_SECONDS = 90
_DEGRADED = "a unit has failed"
_STARTABLE = ("exited", "stopped")
"""States of a container that has run. In any other state except `running` it is partly created or partly removed."""


def found() -> dict[str, dict[str, Any]]:
    """Return the lab's containers as podman lists them, by name."""
    return {each["Names"][0]: each for each in podman.query("ps", "--all", "--filter", f"name=^{CONTAINER_PREFIX}")}


def running() -> set[str]:
    """Return the names of the running containers of the lab."""
    return {name for name, container in found().items() if container["State"] == "running"}


def ensure(hosts: Iterable[Host], passwords: dict[str, str]) -> None:
    """Start the hosts. A host is created if it is missing, and created again if its definition has changed."""
    existing = found()
    _together([functools.partial(_ensure_one, host, existing.get(host.container), passwords) for host in hosts])


def replace(hosts: Iterable[Host], passwords: dict[str, str]) -> None:
    """Remove hosts and create them again from their images."""
    _together([functools.partial(_replace_one, host, passwords) for host in hosts])


def replace_installed(hosts: Iterable[Host], passwords: dict[str, str]) -> None:
    """Remove hosts and create them again with everything installed. The image for that is made when it does not exist."""
    hosts = list(hosts)
    for host in hosts:
        with installed.alone():
            if not installed.exists(installed.of(host)):
                replace([host], passwords)
                installed.make(host)
    replace([installed.of(host) for host in hosts], passwords)


def remove(names: Iterable[str]) -> None:
    """Remove containers, running or not. `podman rm` may fail while a container is stopping, and is tried three times."""
    names = list(names)
    ssh.end_connections(host for host in EVERY_HOST.values() if host.container in names)
    for name in names:
        for pause in (1, 3, 0):
            if podman.attempt("rm", "--force", "--ignore", "--time", "0", "--volumes", name).returncode == 0:
                break
            time.sleep(pause)


def stop_others(wanted: Iterable[Host]) -> None:
    """Stop the running bare hosts that are not wanted. They keep their state; the next `up` starts them again."""
    names = {host.name for host in wanted}
    active = running()
    others = [HOSTS[name] for name in BARE_HOSTS if name not in names and HOSTS[name].container in active]
    ssh.end_connections(others)
    for host in others:
        podman.run("stop", "--time", "10", host.container)
        say(f"{host.name}: stopped, because its services would read the same mailboxes.")


def clone(number: int, passwords: dict[str, str]) -> None:
    """Create this many copies of the running host CLONED, as it is now, in place of earlier ones.

    The host is stopped while it is copied, so that its files are complete, and started again.
    """
    remove_clones()
    kernel.make_room()
    origin, copies = HOSTS[CLONED], list(CLONES.values())[:number]
    ssh.end_connections([origin])
    podman.run("stop", "--time", "20", origin.container)
    images.make_copy(origin.container, CLONE_IMAGE)
    replace(copies, passwords)
    ensure([origin], passwords)


def remove_clones() -> None:
    """Remove the copies of the host CLONED, their image, and what was set on this machine for them."""
    existing = found()
    remove(host.container for host in CLONES.values() if host.container in existing)
    images.remove_copy(CLONE_IMAGE)
    kernel.restore()


def _together(tasks: list[Callable[[], None]]) -> None:
    """Run the tasks in parallel; raise the first error after all have ended."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()


def _replace_one(host: Host, passwords: dict[str, str]) -> None:
    start = time.monotonic()
    _make(host, content.files_for(host, passwords))
    say(f"{host.name}: created again in {time.monotonic() - start:.1f} s.")


def _ensure_one(host: Host, container: dict[str, Any] | None, passwords: dict[str, str]) -> None:
    files = content.files_for(host, passwords)
    start = time.monotonic()
    if container and _is_current(host, container["Labels"].get(LABEL), files):
        if container["State"] == "running" and trouble(host, lenient=True) is None:
            return
        if _start(host, container["State"]):
            say(f"{host.name}: started again in {time.monotonic() - start:.1f} s.")
            return
        say(f"{host.name}: does not start; creating it again.")
    elif container:
        say(f"{host.name}: has another definition now; creating it again.")
    _make(host, files)
    say(f"{host.name}: ready in {time.monotonic() - start:.1f} s.")


def _is_current(host: Host, label: str, files: content.Files) -> bool:
    """Return whether this is the label of the host's definition, bare or with the application installed."""
    if label == _definition(host, files):
        return True
    return host.name in BARE_HOSTS and label == _definition(installed.of(host), files)


def _start(host: Host, state: str) -> bool:
    """Start a stopped host, or wait for a running one. Return True when the host is ready, False if it fails."""
    if state in _STARTABLE:
        ssh.end_connections([host])
        if podman.attempt("start", host.container).returncode != 0:
            return False
    if state not in (*_STARTABLE, "running"):
        return False
    return _await(host, _BOOT_SECONDS if state in _STARTABLE else 20, lenient=True) is None


def _arguments(host: Host) -> list[str]:
    """Return the arguments of `podman create` for the host."""
    arguments = [
        "--hostname", host.fqdn, "--network", NETWORK, "--ip", host.address, "--dns", DNS_SERVER,
        "--dns-search", host.domain, "--no-hosts", "--systemd=always",
        # Units with ProtectSystem, PrivateTmp and the like need to mount; without these options they end with 226/NAMESPACE.
        "--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined",
    ]
    if has_ipv6():
        arguments += ["--ip6", host.address6]
    arguments += [host.image.tag(), "/lib/systemd/systemd"]
    # systemd 256 and later refuse a machine with legacy or hybrid cgroups unless told so.
    if host.image.suite != "bookworm" and not pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists():
        arguments += ["systemd.unified_cgroup_hierarchy=0", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]
    return arguments


def _definition(host: Host, files: content.Files) -> str:
    return digest(_arguments(host), content.definition_of(files))


def _make(host: Host, files: content.Files) -> None:
    """Create a host and wait until it is ready.

    The host gets its files before its first boot. A kill before that leaves it in the state `created`.
    """
    remove([host.container])
    label = f"{LABEL}={_definition(host, files)}"
    podman.run("create", "--name", host.container, "--label", label, *_arguments(host))
    with content.as_folder(host, files) as folder:
        podman.run("cp", f"{folder}/.", f"{host.container}:/")
    podman.run("start", host.container)
    lacking = _await(host, _BOOT_SECONDS)
    if lacking:
        logs = podman.attempt("exec", host.container, "journalctl", "--priority=warning", "--no-pager", "--lines=15")
        raise LabError(
            f"The host {host.name} did not become ready: {lacking}. "
            "The last warnings in its journal:\n" + (logs.stdout or logs.stderr)
        )


def _await(host: Host, seconds: float, *, lenient: bool = False) -> str | None:
    """Wait until the host is ready and return None. Return the reason when it has failed or the time has passed."""
    deadline = time.monotonic() + seconds
    while lacking := trouble(host, lenient=lenient):
        if lacking == _DEGRADED or time.monotonic() > deadline:
            return lacking
        time.sleep(0.25)
    return None


def trouble(host: Host, *, lenient: bool = False) -> str | None:
    """Return why a host is not ready, or None.

    A host is ready when it has booted without a failed unit, sshd answers, and the mail server or emulator on it answers.
    With `lenient`, a failed unit is accepted on all hosts except the mail server: tests break services on purpose.
    """
    asked = podman.attempt("exec", host.container, "systemctl", "is-system-running")
    state = asked.stdout.strip() or asked.stderr.strip()
    if state == "degraded" and not (lenient and host.name != MAIL):
        return _DEGRADED
    if state not in ("running", "degraded"):
        return f"systemd says {state}"
    if unreachable := ssh.trouble(host):
        return unreachable
    if host.name == MAIL:
        return probes.mail_server_trouble()
    return entra.trouble() if host.name == ENTRA and state == "running" else None
