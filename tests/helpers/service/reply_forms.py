# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies to a mention mail: the folder of the sample mails, and the form in which each client writes a reply."""

from __future__ import annotations

import html
from pathlib import Path

from catalog_mail.domain.replies.reply import MARKER

MAILS = sorted((Path(__file__).resolve().parents[2] / "service/replies").glob("*.eml"))

MENTION = f"""{MARKER}

Ben mentioned you in Orders:

Who owns this column?

https://catalog.corp.test/c/1


-- 
Catalog - https://catalog.corp.test
Stop e-mails of this kind: https://catalog.corp.test/unsubscribe/1"""  # noqa: W291 - a signature begins so
MENTION_HTML = f"""<div><p style='font-size:13px'>{MARKER}</p>
<p><strong>Ben</strong> mentioned you in <strong>Orders</strong>:</p>
<p style='white-space:pre-wrap'>Who owns this column?</p>
<p><a href='https://catalog.corp.test/c/1'>Open in Catalog</a></p>
<hr>
<p><a href='https://catalog.corp.test'>Catalog</a> &middot;
<a href='https://catalog.corp.test/u'>Stop e-mails of this kind</a></p>
</div>"""
QUOTED = "\n".join(f"> {line}" for line in MENTION.split("\n"))
ATTRIBUTION = "On Fri, Nov 20, 2026 at 10:15 AM Catalog <replies@corp.test> wrote:"
HEADERS = """From: Catalog <replies@corp.test>
Sent: Friday, November 20, 2026 10:15 AM
To: Jane
Subject: Ben mentioned you in Orders
"""
TEXTS = {
    "gmail": "{}\n\n" + ATTRIBUTION + "\n\n" + QUOTED,
    "gmail wrapped": "{}\n\nOn Fri, Nov 20, 2026 at 10:15 AM Catalog <\nreplies@corp.test> wrote:\n\n" + QUOTED,
    "outlook": "{}\n\n" + HEADERS + "\n" + MENTION,
    "outlook web": "{}\n" + "_" * 32 + "\n" + HEADERS + "\n" + MENTION,
    "outlook mobile": "{}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n" + "_" * 32 + "\n" + HEADERS + "\n" + MENTION,
    "apple": "{}\n\n> " + ATTRIBUTION + "\n> \n" + QUOTED,
    "ios": "{}\n\nSent from my iPhone\n\n> " + ATTRIBUTION + "\n> \n> \ufeff\n" + QUOTED,
    "thunderbird": "{}\n\nOn 11/20/26 10:15, Catalog wrote:\n" + QUOTED,
    "only marks": "{}\n\n" + QUOTED,
    "below": ATTRIBUTION + "\n" + QUOTED + "\n\n{}\n",
    "between": ATTRIBUTION + "\n" + QUOTED.replace("\n> https", "\n\n{}\n\n> https", 1) + "\n",
    "inside": ATTRIBUTION + "\n\n{}\n\n" + QUOTED,
    "signature": "{}\n\n-- \nJane\nData\n\n" + ATTRIBUTION + "\n" + QUOTED,
}
PAGES = {
    "gmail": '<div dir="ltr">{}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">' + html.escape(ATTRIBUTION)
             + '<br></div><blockquote class="gmail_quote">' + MENTION_HTML + "</blockquote></div>",
    "outlook web": '<div class="elementToProof">{}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">'
                   "<b>From:</b> Catalog<br><b>Sent:</b> Friday, November 20, 2026 10:15 AM<br><b>To:</b> Jane<br>"
                   "<b>Subject:</b> Ben<br></div>" + MENTION_HTML,
    "outlook": '<div class="WordSection1"><p class="MsoNormal">{}</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p '
               'class="MsoNormal"><b>Von:</b> Catalog<br><b>Gesendet:</b> Freitag, 20. November 2026 10:15<br><b>An:</b> Jane<br>'
               "<b>Betreff:</b> Ben</p></div>" + MENTION_HTML + "</div>",
    "apple": '<body>{}<br><div><blockquote type="cite"><div>' + html.escape(ATTRIBUTION) + "</div><br>" + MENTION_HTML
             + "</blockquote></div></body>",
    "thunderbird": '<p>{}</p><div class="moz-cite-prefix">On 11/20/26 10:15, Catalog wrote:</div><blockquote type="cite">'
             + MENTION_HTML + "</blockquote>",
    "below": '<div class="moz-cite-prefix">On 11/20/26 10:15, Catalog wrote:</div><blockquote type="cite">'
             + MENTION_HTML + "</blockquote><p>{}</p>",
    "yahoo": '<div>{}</div><div class="yahoo_quoted"><div>On Friday, November 20, 2026 at 10:15:00 AM GMT+1, Catalog '
             "&lt;replies@corp.test&gt; wrote:</div>" + MENTION_HTML + "</div>",
}
