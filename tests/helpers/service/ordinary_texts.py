# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordinary texts that people write in replies, also those that resemble what mail clients and gateways write."""

from __future__ import annotations

TEXTS = {
    "prose": """Hi Anna,

the null rate is fine again: I reloaded the partition on Monday at 10:15.
From what I can see, only two rows are left.

Best regards,
Jane Doe""",
    "one word": "Yes",
    "questions and answers": "Q: drop it?\nA: yes, drop it",
    "questions and answers apart": "Q: Who owns it?\n\nA: Finance does.\n\nQ: Since when?\n\nA: 2026-11-20 10:15",
    "labels at the end": "We move the table.\n\nFrom: Berlin\nTo: Paris\nDate: Monday, 10:15\nStatus: open",
    "labels of a form": "Owner: jane@corp.test\nDue: 2026-11-20 10:15\nTable: orders\nStatus: done\n\nThat is all.",
    "labels in German": "Von: Hamburg\nAn: Bremen\n\nBetreff: bleibt offen",
    "a label alone": "To: whom it may concern",
    "pasted headers": """The supplier wrote this on Friday:

From: Supplier <sales@supplier.test>
Sent: Friday, November 13, 2026 9:01 AM
To: Jane Doe <jane@corp.test>
Subject: Delivery of orders

The delivery is late. What do we do?""",
    "pasted headers at the end": """The header of the mail that I mean:

From: Supplier <sales@supplier.test>
Sent: Friday, November 13, 2026 9:01 AM
To: Jane Doe <jane@corp.test>
Subject: Delivery of orders""",
    "pasted headers on top": """From: Supplier <sales@supplier.test>
Date: Fri, 13 Nov 2026 09:01:00 +0100
To: jane@corp.test
Subject: Delivery of orders

That is the mail I mean.""",
    "pasted attribution": "On 13 Nov 2026 at 9:01 Ben Miller <ben@corp.test> wrote:\n\nthe join is wrong.\n\nHe is right.",
    "original message": "Original message:\n\nDie Tabelle fehlt.\n\nTranslation:\n\nThe table is missing.",
    "attention": "Attention: the external source for orders is down since Monday.\n\nPlease wait.",
    "caution": "Caution: do not open attachments of this vendor before the scan has ended.\n\nJane",
    "warning about mail": "Warning: this message queue originated from outside of our team, so nobody knows it.\n\nAsk Ben.",
    "external sender": "External sender IDs are in column two, e-mail addresses in column three.\n\nJane",
    "external tables": "EXTERNAL tables need a location.\n\nThe message says so.",
    "from outside": "This message came from outside the company, so I do not trust the numbers.\n\nDo you?",
    "achtung": "Achtung: die externe Quelle f\u00fcr Bestellungen ist seit Montag weg.\n\nBitte warten.",
    "often get e-mail": "You don't often get email from me, but this is important.\n\nThe table is gone.",
    "counts": "Here are the counts:\n--\nJanuary 12\nFebruary 13",
    "counts apart": "Here are the counts.\n\n--\n\nJanuary 12\nFebruary 13",
    "names below a rule": "Owners:\n\n--\nJane Doe\nBen Miller",
    "rule and table": "name | rows\n--\norders | 12\ncustomers | 13",
    "em dash": "Two things.\n\n\u2014\nfirst\nsecond",
    "markdown rule": "Before\n\n---\n\nAfter\n\n***\n\nEnd",
    "markdown table": "| table | rows |\n| --- | ---: |\n| orders | 12 |\n| from: | to: |",
    "psql": " id | name\n----+------\n  1 | a\n  2 | b\n(2 rows)".lstrip(),
    "grid": "+----+------+\n| id | name |\n+----+------+\n|  1 | a    |\n+----+------+",
    "sql": """-- count the rows that are left
SELECT o.id, count(*) AS n
FROM orders o
JOIN customers c ON c.id = o.customer_id
WHERE o.created_at > '2026-11-20 10:15:00'
--
GROUP BY o.id
-- ORDER BY n
;""",
    "python": """def owner(table: str) -> str:
    if table == "orders":
        return "jane@corp.test"

    raise KeyError(table)""",
    "shell": "$ psql --host db.corp.test -- -c 'select 1'\n$ git log --format='%an wrote: %s' --\n# done: 10:15",
    "decorator": "@cached\nclass Orders:\n    sent: datetime\n    subject: str\n    to: list[str]",
    "yaml": "mail:\n  from: noreply@corp.test\n  to: jane@corp.test\n  date: 2026-11-20 10:15\n  subject: Orders",
    "yaml at the top": "from: noreply@corp.test\nto: jane@corp.test\ndate: 2026-11-20 10:15\nsubject: Orders",
    "ini": "[external]\nhost = db.corp.test\n\n[EXTERNAL]\nHOST = DB",
    "ini first": "[EXTERNAL]\nhost = db.corp.test\nport = 5432",
    "json": '{\n  "from": "orders",\n  "to": "archive",\n  "date": "2026-11-20T10:15:00Z"\n}',
    "diff": "--- a/orders.sql\n+++ b/orders.sql\n@@ -1,2 +1,2 @@\n-SELECT 1\n+SELECT 2\n--\n2.39.5",
    "list": "- the join\n- the nulls\n  - of customer_id\n* more\n1. first\n2) second",
    "check list": "[x] reload\n[ ] tell Ben: 10:15",
    "log": """2026-11-20 10:15:00,123 ERROR orders: from=jane@corp.test to=ben@corp.test
2026-11-20 10:15:01,000 INFO orders: wrote: 12 rows
Nov 20 10:15:02 db postgres[12]: LOG: connection received: host=192.0.2.1""",
    "traceback": "Traceback (most recent call last):\n  File \"x.py\", line 3, in <module>\nKeyError: 'orders'",
    "smtp log": "MAIL FROM:<jane@corp.test>\nRCPT TO:<ben@corp.test>\nDATA\n250 2.1.0 Ok",
    "readme": """# Orders

Original data of the shop. Licence: MIT

## Install

    pip install orders

Sent from the shop every night, see https://wiki.corp.test/orders?a=b#c.
==================
More""",
    "sent": "The rows were sent from the mobile app.\n\nSent with the Outlook connector: 12",
    "signed": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n\nThat is my key.",
    "confidential": "Confidential data is in column two.\n\nThis message may be shown to all.",
    "wrote at the end": "As far as I know nobody has written: none",
    "times": "10:15: started\n10:20: failed\n10:25: wrote",
    "addresses": "Ask one of\njane@corp.test\nben@corp.test\n<sales@supplier.test>",
    "link last": "It is described here:\nhttps://wiki.corp.test/a_b?c=d&e=f#g",
    "japanese": "\u4ef6\u540d\u306f\u5909\u3048\u307e\u305b\u3093\u3002\n\n"
                "\u5dee\u51fa\u4eba\uff1a\u5c71\u7530\n\u5b9b\u5148\uff1a\u7530\u4e2d",
    "thai": "\u0e40\u0e23\u0e35\u0e22\u0e1a\u0e23\u0e49\u0e2d\u0e22\u0e41\u0e25\u0e49\u0e27\n\n"
            "\u0e08\u0e32\u0e01: \u0e01\u0e23\u0e38\u0e07\u0e40\u0e17\u0e1e\n\u0e27\u0e31\u0e19\u0e17\u0e35\u0e48: 20 2569",
    "mention": "I mentioned you in the meeting: you know why.",
    "dashes": "So \u2013 as I said \u2014 it is fine.\n\n-- and that is all",
    "regards": "Regards\nJane",
    "columns": "Sender: orders\nReceiver: archive\nWhen: 2026-11-20 10:15\nWhat: rows\nHow: nightly",
    "one letter": "n",
    "one sign": "+1",
    "one emoji": "\U0001f44d",
    "Python": "I tried it:\n\n>>> import orders\n>>> len(orders.rows)\n"
              "12\n>>> sorted(orders.rows)[0]\n(1, 'a')\n\nSo there are twelve.",
    "Python first": ">>> import orders\n>>> len(orders.rows)\n12",
    "here document": "$ cat > rows.csv <<END\n> 1,a\n> 2,b\n> END\n$ wc -l rows.csv\n2 rows.csv",
    "prompt of npm": "This fails:\n> npm run build\n> tsc -p .\nerror TS2304",
    "own quote": "You asked:\n\n> Who owns this column?\n\nFinance does.",
    "own quote at the end": "The policy says:\n\n> every column has an owner",
    "own quote on top": "> every column has an owner\n\nThat is the policy.",
    "nested quote": "The wiki has:\n\n> a\n>> b\n> c\n\nHm.",
    "comparison": "x > 3\n> 3 rows differ\n>= 4 is fine\n>5 is not",
    "diff of ed": "3,4c3,4\n< WHERE day > 1\n---\n> WHERE day >= 1",
    "merge conflict": "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> 4f2a81",
    "mail pasted from Gmail": """Vera answered:

On Thu, Nov 19, 2026 at 4:12 PM Vera Lind <vera@supplier.test> wrote:
> we round each line
> since October

We do not.""",
    "mail pasted as a quote": "Vera's mail:\n\n"
                              "> On Thu, Nov 19, 2026 at 4:12 PM Vera Lind <vera@supplier.test> wrote:\n> we round each line",
    "git log": "commit 4f2a81\nAuthor: Vera Lind <vera@supplier.test>\n"
               "Date:   Sat Nov 14 02:00:01 2026 +0100\n\n    Round each line",
    "ticket at the end": "Details:\n\nReporter: Vera Lind <vera@supplier.test>\nReported: 14.11.2026 02:00\nOwner: Priya Raman\n"
                         "Title: rounding",
    "trailers": "Round each line.\n\nReported-by: Vera Lind <vera@supplier.test>\nReviewed-by: Ben Miller <ben@corp.test>",
    "http": "GET /c/1 HTTP/1.1\nHost: corp.test\nFrom: robot@corp.test\nDate: Sat, 14 Nov 2026 02:00:01 GMT\n\n200 OK",
    "chat": "Vera Lind, 23.11.2026 09:01:\nwe round each line\n\nJane, 23.11.2026 09:02:\nsince when?",
    "chat in brackets": "[09:01] Vera: we round each line\n[09:02] Jane: since when?",
    "I wrote": "On Monday, 23 Nov 2026, I wrote:\n\nthe filter is wrong.\n\nNobody answered.",
    "ich schrieb": "Am 14.11.2026 um 02:00 schrieb der Job:\n118 Zeilen\n\nEs sollten 120 sein.",
    "sent from an app": "Where do they come from?\n\nSent from the mobile app by Vera.",
    "sent by phone": "Sent via phone call to Vera, she agrees.",
    "von meinem": "Von meinem Ger\u00e4t aus geht es nicht.",
    "understanding": "\u53d1\u81ea\u6211\u7684\u7406\u89e3\uff0c\u5e94\u8be5\u662f\u8fc7\u6ee4\u5668\u3002",
    "armour in prose": "-----BEGIN PGP MESSAGE-----\nis all that I see of his mail.",
    "legal text": "The contract says:\n\nThis e-mail and any attachments are for the intended recipient only.\n\nSo no.",
    "for the lawyers": "This message is intended for the legal team: please confirm.\n\n"
                       "Confidentiality: internal\nDisclaimer: not tested",
    "scanned": "The upload was checked for viruses, so that is not it.",
    "stop": "Stop e-mails of this kind for the supplier, please.",
    "dashes on top": "---\na\n--\nb\n--\nc",
    "Arabic": "\u062a\u0645 \u0627\u0644\u062a\u062d\u0642\u0642.\n\n"
              "\u0645\u0646: \u0627\u0644\u0645\u0635\u062f\u0631\n"
              "\u0625\u0644\u0649: \u0627\u0644\u0645\u0633\u062a\u0648\u062f\u0639",
    "link alone": "https://wiki.corp.test/a_b?c=d&e=f#g",
    "form to fill": "Name: ____________\nDate: ____________\n\nPlease fill in.",
}
