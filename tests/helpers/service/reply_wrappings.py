# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ruff: noqa: RUF001 - letters of many alphabets
"""Whole replies to a mention mail, as each client sends one text: plain, HTML, both, signed, and through gateways."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from helpers.service.reply_forms import ATTRIBUTION, HEADERS, MENTION, MENTION_HTML, PAGES, QUOTED, TEXTS

_TITLE = "Ben mentioned you in Orders"
_HEAD = (f"From: Jane Doe <jane@corp.test>\nTo: Data Catalog <replies+1aq7mzk3@corp.test>\n"
         f"Subject: Re: {_TITLE}\nMIME-Version: 1.0\n")
_ADDRESS = "replies+1aq7mzk3@corp.test"
_SENDER = f"Data Catalog <{_ADDRESS}>"

# Outlook's header in languages, with the labels that it uses there or others of its kind: the labels do not matter.
FOREIGN_HEADERS = {
    "Romanian": f"De la: {_SENDER}\nTrimis: vineri, 20 noiembrie 2026 10:15\nCătre: Doe, Jane\nSubiect: {_TITLE}",
    "Greek": f"Από: {_SENDER}\nΕστάλη: Παρασκευή, 20 Νοεμβρίου 2026 10:15 πμ\nΠρος: Jane Doe\nΘέμα: {_TITLE}",
    "Thai": f"จาก: {_SENDER}\nส่ง: วันศุกร์ที่ 20 พฤศจิกายน 2569 10:15\nถึง: Jane Doe\nเรื่อง: {_TITLE}",
    "Arabic": f"من: {_SENDER}\nتم الإرسال: الجمعة، ٢٠ نوفمبر ٢٠٢٦ ١٠:١٥\nإلى: Jane Doe\nالموضوع: {_TITLE}",
    "Croatian": f"Šalje: {_SENDER}\nPoslano: 20. studenog 2026. 10:15\nPrima: Jane Doe <jane@corp.test>\nPredmet: {_TITLE}",
    "Vietnamese": f"Người gửi: {_SENDER}\nNgày gửi: Thứ Sáu, 20 tháng 11, 2026 10:15\nĐến: Jane\nCc: Ben\nChủ đề: {_TITLE}",
    "Estonian": f"Saatja: {_SENDER}\nSaadetud: reede, 20. november 2026 10:15\nAdressaat: Jane Doe\nTeema: {_TITLE}",
    "Hindi": f"प्रेषक: {_SENDER}\nभेजा गया: 20 नवंबर 2026 10:15\nप्रति: Jane Doe\nविषय: {_TITLE}",
    "Swahili": f"*Kutoka:* {_SENDER}\n*Ilitumwa:* Ijumaa, 20 Novemba 2026 10:15\n*Kwa:* Jane Doe\n*Mada:* {_TITLE}",
    "Armenian": f"Ումից: {_SENDER}\nՈւղարկված: 20 նոյեմբերի, 2026 թ. 10:15\nՈւմ: Jane Doe\nԹեմա: {_TITLE}",
    "Basque, spaced": f"Nork : {_SENDER}\nBidaltze-data : 2026(e)ko azaroaren 20a 10:15\nNori : Jane Doe\nGaia : {_TITLE}",
    "Chinese colons": f"送件者：{_SENDER}\n送件時間：2026年11月20日 10:15\n受件者：Jane\n標題：{_TITLE}",
    "name only": f"De la: Data Catalog <{_ADDRESS}>\nTrimis: 20.11.2026 10:15\nCătre: Jane\nSubiect:",
}
ATTRIBUTIONS_BROKEN = {
    "Chinese": f"Data Catalog <\n{_ADDRESS}> 于2026年11月20日周五 写道：",
    "Chinese, time": f"Data Catalog <\n{_ADDRESS}> 于2026年11月20日周五 10:15写道：",
    "Chinese, three lines": f"Data Catalog <\n{_ADDRESS}>\n于2026年11月20日周五 写道：",
    "Chinese, traditional": f"Data Catalog <\n{_ADDRESS}> 於 2026年11月20日 週五 上午10:15寫道：",
    "name broken": f"Data\nCatalog <{_ADDRESS}> 于2026年11月20日周五 写道：",
    "Turkish": f"Data Catalog <\n{_ADDRESS}>, 20 Kas 2026 Cum, 10:15 tarihinde\nşunu yazdı:",
    "Hungarian": f"Data Catalog <\n{_ADDRESS}> ezt írta (időpont: 2026. nov. 20., P, 10:15):",
    "German": f"Data Catalog <\n{_ADDRESS}> schrieb am Fr., 20. Nov. 2026, 10:15:",
    "Hindi": f"शुक्र, 20 नव॰ 2026 को 10:15 बजे को Data Catalog <\n{_ADDRESS}> ने लिखा:",
    "Japanese": f"2026年11月20日(金) 10:15 Data Catalog <\n{_ADDRESS}>:",
    "square brackets": f"Data Catalog [\n{_ADDRESS}] 于2026年11月20日周五 写道：",
}
EM_CLIENT = {
    "English": f'------ Original Message ------\nFrom "Data Catalog" <{_ADDRESS}>\nTo "Jane Doe" <jane@corp.test>\n'
               f"Date 20.11.2026 10:15:00\nSubject {_TITLE}",
    "German": f'------ Originalnachricht ------\nVon "Data Catalog" <{_ADDRESS}>\nAn jane@corp.test\nDatum 20.11.2026 10:15:00\n'
              f"Betreff Re: {_TITLE}",
    "no title": f'From "Data Catalog" <{_ADDRESS}>\nTo "Jane" <jane@corp.test>\nCc "Ben" <b@corp.test>\n'
                "Date 11/20/2026 10:15:00 AM\n"
                f"Subject {_TITLE}",
    "Danish": f'------ Oprindelig meddelelse ------\nFra "Data Catalog" <{_ADDRESS}>\nTil "Jane" <jane@corp.test>\n'
              f"Dato 20-11-2026 10:15:00\nEmne {_TITLE}",
}
BANNERS = {
    "first contact": "You don't often get email from jane@corp.test. Learn why this is important"
                     "<https://aka.ms/LearnAboutSenderIdentification>",
    "first contact, two lines": "You don't often get email from jane@corp.test. Learn why this is important\n"
                                "<https://aka.ms/LearnAboutSenderIdentification>",
    "first contact, some people": "Some people who received this message don't often get email from jane@corp.test. "
                                  "Learn why this is important<https://aka.ms/LearnAboutSenderIdentification>",
    "first contact, German": "Sie erhalten nicht oft eine E-Mail von jane@corp.test. Erfahren Sie, warum dies wichtig ist"
                             "<https://aka.ms/LearnAboutSenderIdentification>",
    "first contact, no link": "You don't often get email from jane@corp.test. Learn why this is important",
    "tag": "[EXTERNAL]",
    "tag of a mail": "[EXTERNAL EMAIL]",
    "tag in capitals": "EXTERNAL EMAIL",
    "tag and advice": "[EXTERNAL EMAIL] DO NOT CLICK links or attachments unless you recognize the sender and know the "
                      "content is safe.",
    "caution": "CAUTION: This email originated from outside of the organization. Do not click links or open attachments\n"
               "unless you recognize the sender and know the content is safe.",
    "caution, two lines": "CAUTION: This message was sent from outside the company.\n"
                          "Do not open attachments unless you trust the sender.",
    "stars": "*** EXTERNAL EMAIL: This message came from outside your organization. Use caution with links and attachments. ***",
    "Proofpoint": "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\n"
                  "This message came from outside your organization.\n"
                  "Report Suspicious\nZjQcmQRYFpfptBannerEnd",
    "German": "ACHTUNG: Diese E-Mail stammt von einem externen Absender. "
              "Klicken Sie nicht auf Links und öffnen Sie keine Anhänge.",
    "French": "ATTENTION : Ce courriel provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens.",
    "Dutch": "LET OP: Deze e-mail is afkomstig van buiten de organisatie. Klik niet op links van onbekenden.",
    "tag, then caution": "[EXTERNAL]\n\nCAUTION: This email originated from outside of the organization. Do not click links.",
}


def as_html(text: str) -> str:
    """Return the text as clients write it in HTML: spaces in a row, and at a line's begin, do not break."""
    escaped = html.escape(text, quote=False)
    return re.sub(r"(?m)^ | (?= )", "&nbsp;", escaped).replace("\n", "<br>")


def plain(body: str, parameters: str = "") -> bytes:
    """Return a message of plain text."""
    return f"{_HEAD}Content-Type: text/plain; charset=utf-8{parameters}\nContent-Transfer-Encoding: 8bit\n\n{body}".encode()


def page(body: str) -> bytes:
    """Return a message of HTML."""
    return f"{_HEAD}Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}".encode()


def both(text: str, rich: str) -> bytes:
    """Return a message of plain text and HTML."""
    parts = "".join(f"--b\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n"
                    for kind, body in (("plain", text), ("html", rich)))
    return f'{_HEAD}Content-Type: multipart/alternative; boundary="b"\n\n{parts}--b--\n'.encode()


def _flowed(text: str) -> bytes:
    stuffed = "\n".join(f" {line}" if line[:1] in (" ", ">") or line.startswith("From ") else line for line in text.split("\n"))
    return plain(f"{stuffed}\n\n{ATTRIBUTION}\n{QUOTED}", "; format=flowed")


def _signed(text: str) -> bytes:
    lines = f"{text}\n\n{ATTRIBUTION}\n{QUOTED}".split("\n")
    escaped = "\n".join(f"- {line}" if line.startswith("-") else line for line in lines)
    return plain(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{escaped}\n-----BEGIN PGP SIGNATURE-----\n\n"
                 "iQEzBAEBCAAdFiEE1vz9Dm2JwV0ObQ9tq5yYxX6cFAmk\n=aB3d\n-----END PGP SIGNATURE-----\n")


def _below_banner(banner: str) -> Callable[[str], bytes]:
    return lambda text: plain(f"{banner}\n\n{text}\n\n{ATTRIBUTION}\n{QUOTED}")


def _plain(form: str) -> Callable[[str], bytes]:
    return lambda text: plain(form.replace("{}", text, 1))


def _page(form: str) -> Callable[[str], bytes]:
    return lambda text: page(form.replace("{}", as_html(text), 1))


def _alternative(form: str, rich: str) -> Callable[[str], bytes]:
    return lambda text: both(form.replace("{}", text, 1), rich.replace("{}", as_html(text), 1))


_TABLE = ('<table border="0"><tr><td style="background:#ff0"></td><td>You don\'t often get email from jane@corp.test. '
          '<a href="https://aka.ms/LearnAboutSenderIdentification">Learn why this is important</a></td></tr></table>')
_COLOURED = ('<div style="background-color:#FFEB9C; border:1px solid"><b>CAUTION:</b> This email originated from outside of the '
             "organization.</div><br>")
_OUTLOOK_SIGNATURE = '<div id="Signature"><div>Jane Doe</div><div>Data Office | +49 40 123</div></div>'

# Whole replies of further clients; {} is the author's text.
_CLIENTS = {
    "K-9": "{}\n\n\nAm 20. November 2026 10:15:11 MEZ schrieb " + _SENDER + ":\n" + QUOTED,
    "Proton": "{}\n\n\nSent with [Proton Mail](https://proton.me/mail/home) secure email.\n\n"
              "On Friday, November 20th, 2026 at 10:15 AM, " + _SENDER + " wrote:\n\n" + QUOTED,
    "Yahoo": " {}\n\n    On Friday, November 20, 2026 at 10:15:11 AM GMT+1, " + _SENDER + " wrote:  \n \n "
             + MENTION.replace("\n", "\n\n"),
    "web.de": '{}\n\nGesendet: Freitag, 20. November 2026 um 10:15 Uhr\nVon: "Data Catalog" <' + _ADDRESS
              + f">\nAn: jane@corp.test\nBetreff: {_TITLE}\n{MENTION}",
    "Zoho": "{}\n\n\n---- On Fri, 20 Nov 2026 10:15:11 +0100 " + _SENDER + " wrote ---\n\n" + MENTION,
    "Superhuman": "{}\n\nSent via Superhuman ( https://sprh.mn/?vip=jane )\n\n"
                  "On Fri, Nov 20, 2026 at 10:15 AM, Data Catalog < " + _ADDRESS + " > wrote:\n\n" + QUOTED,
    "Samsung": "{}\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: " + _SENDER
               + f" \nDate: 20/11/2026  10:15  (GMT+01:00) \nTo: jane@corp.test \nSubject: {_TITLE} \n\n{MENTION}",
    "Zimbra": '{}\n\n----- Original Message -----\nFrom: "Data Catalog" <' + _ADDRESS + '>\nTo: "Jane" <jane@corp.test>\n'
              f"Sent: Friday, November 20, 2026 10:15:11 AM\nSubject: {_TITLE}\n\n{MENTION}",
    "Notes": "{}\n\n\nVon:\t" + _SENDER + f"\nAn:\tJane Doe/CORP\nDatum:\t20.11.2026 10:15\nBetreff:\t{_TITLE}\n\n\n{MENTION}",
    "Fastmail": "{}\n\nOn Fri, 20 Nov 2026, at 10:15, Data Catalog wrote:\n" + QUOTED,
    "Claws": "{}\n\nOn Fri, 20 Nov 2026 10:15:11 +0100\n" + _SENDER + " wrote:\n\n" + QUOTED,
    "Gnus, below": _SENDER + " writes:\n\n" + QUOTED + "\n\n{}\n",
    "Roundcube, below": "On 2026-11-20 10:15, Data Catalog wrote:\n" + QUOTED + "\n\n{}",
    "NetEase": '{}\n\n\n\n\n\u5728 2026-11-20 10:15:11\uff0c"Data Catalog" <' + _ADDRESS + "> \u5199\u9053\uff1a\n\n" + QUOTED,
    "Outlook, marks": "{}\n\n-----Original Message-----\n" + HEADERS.replace("Catalog", "Data Catalog") + QUOTED,
    "Outlook, below": HEADERS + "\n" + MENTION + "\n\n{}\n",
    "Missive": "{}\n\nOn November 20, 2026 at 10:15 AM, Data Catalog (" + _ADDRESS + ") wrote:\n\n" + QUOTED,
    "no quote": "{}\n",
}
# Forms without a line of a client's: text directly above the marker that looks like a client's line is one.
BARE = {"text: only marks", "text: bare marker", "page: flat"}
WRAPPINGS: dict[str, Callable[[str], bytes]] = {
    **{f"text: {name}": _plain(form) for name, form in TEXTS.items()},
    "text: bare marker": _plain("{}\n\n" + MENTION),
    **{f"client: {name}": _plain(form) for name, form in _CLIENTS.items()},
    "text: flowed": _flowed,
    "text: signed": _signed,
    **{f"page: {name}": _page(form) for name, form in PAGES.items()},
    **{f"header: {name}": _plain("{}\n\n" + block + "\n\n" + MENTION) for name, block in FOREIGN_HEADERS.items()},
    **{f"broken: {name}": _plain("{}\n\n" + lines + "\n\n" + QUOTED) for name, lines in ATTRIBUTIONS_BROKEN.items()},
    **{f"eM Client: {name}": _plain("{}\n\n" + block + "\n\n" + MENTION) for name, block in EM_CLIENT.items()},
    **{f"banner: {name}": _below_banner(banner) for name, banner in BANNERS.items()},
    "banner: table": _page(_TABLE + PAGES["outlook web"]),
    "banner: coloured": _page(_COLOURED + PAGES["gmail"]),
    "both: outlook": _alternative(TEXTS["outlook"], PAGES["outlook web"]),
    "both: unlisted": _alternative("{}\n\nX1 Catalog\nX2 Friday\nX3 Jane\n\n" + MENTION, PAGES["outlook web"]),
    "both: signature": _alternative(
        "{}\n\nJane Doe\nData Office | +49 40 123\n" + "_" * 32 + "\n" + HEADERS + "\n" + MENTION,
        PAGES["outlook web"].replace("{}", "{}<br>" + _OUTLOOK_SIGNATURE, 1)),
    "page: signature": _page(PAGES["outlook web"].replace("{}", "{}<br>" + _OUTLOOK_SIGNATURE, 1)),
    "page: flat": _page("<p>{}</p>" + MENTION_HTML),
}
