# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ruff: noqa: RUF001 - letters of many alphabets
"""Lines that clients add to a reply are removed; similar lines that people write are kept."""

from __future__ import annotations

import email
import sys

import pytest
from catalog_mail.domain.replies.extraction import MARKER, Extracted, TooComplex, extract

QUOTED = f"> {MARKER}\n>\n> Ben mentioned you in Orders:\n>\n> Who owns it?\n>\n> --\n> Stop e-mails of this kind: https://c.test/u\n"
FLAT = f"{MARKER}\n\nBen mentioned you in Orders:\n\nWho owns it?\n\n--\nStop e-mails of this kind: https://c.test/u\n"


def read(content: str, kind: str = "plain") -> Extracted:
    head = f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    return extract(email.message_from_bytes((head + content).encode()))


ATTRIBUTIONS = [
    "On Fri, Nov 20, 2026 at 10:15 AM Catalog <r@c.test> wrote:",
    "On Fri, Nov 20, 2026 at 10:15 AM Catalog <\nr@c.test> wrote:",
    "On Fri, Nov 20, 2026 at 10:15 AM\nCatalog of the whole Company\n<r@c.test>\nwrote:",
    "On 20/11/2026 10:15, Catalog wrote:",
    "On Fri, 20 Nov 2026 10:15:00 +0000\n\"Catalog\" <r@c.test> wrote:",
    "Catalog <r@c.test> wrote:",
    "Catalog <r@c.test> schrieb am Fr., 20. Nov. 2026, 10:15:",
    "Am Fr., 20. Nov. 2026 um 10:15 Uhr schrieb Catalog <r@c.test>:",
    "Am 20.11.26 um 10:15 schrieb Catalog:",
    "Le ven. 20 nov. 2026 à 10:15, Catalog <r@c.test> a écrit\u00a0:",
    "Le 20/11/2026 à 10:15, Catalog a écrit :",
    "El vie, 20 nov 2026 a las 10:15, Catalog (<r@c.test>) escribió:",
    "Il giorno ven 20 nov 2026 alle ore 10:15 Catalog <r@c.test> ha scritto:",
    "Op vr 20 nov 2026 om 10:15 schreef Catalog <r@c.test>:",
    "Em sex., 20 de nov. de 2026 às 10:15, Catalog <r@c.test> escreveu:",
    "Den fre 20 nov. 2026 kl 10:15 skrev Catalog <r@c.test>:",
    "fre. 20. nov. 2026 kl. 10:15 skrev Catalog <r@c.test>:",
    "пт, 20 нояб. 2026 г. в 10:15, Catalog <r@c.test>:",
    "20.11.2026 10:15, Catalog пишет:",
    "Catalog <r@c.test> 于2026年11月20日周五 10:15写道：",
    "在 2026年11月20日，10:15，Catalog <r@c.test> 写道：",
    "2026年11月20日(金) 10:15 Catalog <r@c.test>:",
    "2026/11/20 10:15、Catalog <r@c.test>のメール:",
    "2026년 11월 20일 (금) 오전 10:15, Catalog <r@c.test>님이 작성:",
    "pe 20. marrask. 2026 klo 10.15 Catalog (r@c.test) kirjoitti:",
    "pt., 20 lis 2026 o 10:15 Catalog <r@c.test> napisał(a):",
    "Catalog <r@c.test>, 20 Kas 2026 Cum, 10:15 tarihinde şunu yazdı:",
    "pá 20. 11. 2026 v 10:15 odesílatel Catalog <r@c.test> napsal:",
    "בתאריך יום ו׳, 20 בנוב׳ 2026 ב-10:15 מאת "
    "\u202aCatalog\u202c\u200f <\u202ar@c.test\u202c\u200f>:\u200f",
    "---- On Fri, 20 Nov 2026 10:15:00 +0100 Catalog <r@c.test> wrote ----",
    "-----Original Message-----\nFrom: Catalog <r@c.test>\nTo: jane@c.test\nSubject: Orders",
    "-------- Weitergeleitete Nachricht --------\nBetreff: Orders\nDatum: Fri, 20 Nov 2026 10:15\n"
    "Von: Catalog <r@c.test>\nAn: jane@c.test",
    "*From:* Catalog <r@c.test>\n*Sent:* Friday, November 20, 2026 10:15 AM\n*To:* Jane\n*Subject:* Orders",
]


@pytest.mark.parametrize("lines", ATTRIBUTIONS)
@pytest.mark.parametrize("marks", ["", "> "])
def test_an_attribution_is_removed(lines: str, marks: str) -> None:
    marked = "\n".join(marks + line for line in lines.split("\n"))
    assert read(f"It is mine.\n\n{marked}\n\n{QUOTED}").text == "It is mine."
    assert read(f"It is mine.\n\n{lines}\n\n{QUOTED.split('>', 2)[2]}").text == "It is mine."


HEADERS = [
    "From: Catalog\nSent: Friday, November 20, 2026 10:15 AM\nTo: Jane\nSubject: Orders",
    "From: Catalog <r@c.test>\nDate: Friday, 20. November 2026 at 10:15\n"
    "To: Jane <jane@c.test>,\n Joe <joe@c.test>\nCc: Max\nSubject: Orders",
    "Von: Catalog\nGesendet: Freitag, 20. November 2026 10:15\nAn: Jane\nCc: Joe\nBetreff: Orders\nPriorität: Hoch",
    "De : Catalog\nEnvoyé : vendredi 20 novembre 2026 10:15\nÀ : Jane\nObjet : Orders",
    "De: Catalog\nEnviado el: viernes, 20 de noviembre de 2026 10:15\nPara: Jane\nAsunto: Orders",
    "Da: Catalog\nInviato: venerdì 20 novembre 2026 10:15\nA: Jane\nOggetto: Orders",
    "Van: Catalog\nVerzonden: vrijdag 20 november 2026 10:15\nAan: Jane\nOnderwerp: Orders",
    "De: Catalog\nEnviado: sexta-feira, 20 de novembro de 2026 10:15\nPara: Jane\nAssunto: Orders",
    "Från: Catalog\nSkickat: den 20 november 2026 10:15\nTill: Jane\nÄmne: Orders",
    "Fra: Catalog\nSendt: 20. november 2026 10:15\nTil: Jane\nEmne: Orders",
    "Lähettäjä: Catalog\nLähetetty: perjantai 20. marraskuuta 2026 10.15\nVastaanottaja: Jane\nAihe: Orders",
    "Od: Catalog\nWysłano: piątek, 20 listopada 2026 10:15\nDo: Jane\nTemat: Orders",
    "Kimden: Catalog\nGönderildi: 20 Kasım 2026 Cuma 10:15\nKime: Jane\nKonu: Orders",
    "От: Catalog\nОтправлено: 20 ноября 2026 10:15\n"
    "Кому: Jane\nТема: Orders",
    "差出人: Catalog\n送信日時: 2026年11月20日 10:15\n宛先: Jane\n件名: Orders",
    "发件人：Catalog\n发送时间：2026年11月20日 10:15\n收件人：Jane\n主题：Orders",
    "From: Catalog <r@c.test> Sent: Friday, November 20, 2026 10:15 AM To: Jane Subject: Orders",
    "Catalog ---20.11.2026 10:15:00---Ben mentioned you\n\nFrom: Catalog <r@c.test>\nTo: jane@c.test\n"
    "Date: 20.11.2026 10:15\nSubject: Orders",
]


@pytest.mark.parametrize("block", HEADERS)
@pytest.mark.parametrize("rule", ["", "_" * 32 + "\n", "-----Original Message-----\n"])
def test_a_header_block_is_removed(block: str, rule: str) -> None:
    assert read(f"It is mine.\n\n{rule}{block}\n\n{FLAT}").text == "It is mine."
    without_marker = FLAT.partition("\n\n")[2]
    assert read(f"It is mine.\n\n{rule}{block}\n\n{without_marker}").text == "It is mine."


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone", "Sent from my Galaxy", "Sent from Mail for Windows", "Sent from Outlook for Android<https://aka.ms/x>",
        "Get Outlook for iOS<https://aka.ms/o0ukef>", "Sent with Proton Mail secure email.", "Sent via BlackBerry from Vodafone",
        "Von meinem iPhone gesendet", "Gesendet von Outlook für iOS<https://aka.ms/x>", "Envoyé de mon iPhone",
        "Envoyé à partir de Outlook pour Android", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Inviato da iPhone",
        "Verzonden vanaf mijn iPhone", "Skickat från min iPhone", "Sendt fra min iPad", "Lähetetty iPhone",
        "Wysłane z iPhone", "iPhoneから送信", "发自我的iPhone", "나의 iPhone에서 보냄",
        "Отправлено с iPhone", "iPhone'dan gönderildi",
    ],
)
def test_lines_added_by_a_program_are_removed(line: str) -> None:
    assert read(f"Yes.\n\n{line}\n\n{QUOTED}").text == "Yes."


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk to yours: the file.",
        "The rows were sent from the mobile app, so look there first and then tell me what you found.",
        "I asked who it was\nsent from my iPhone or not",
        "From: Berlin\nTo: Paris\nSubject to change.",
        "On Monday Anna wrote:\nthat it works. It does not.",
        "Two things:\n\n- the join\n- the nulls",
        "a\n\n---\n\nb is a sentence that somebody wrote.",
        "Compare:\n\n> customer_id is null\n\nwith the rule.",
        ">50 % of rows have none.",
        "Thanks,\n\nThis is what people write in the middle of a text.",
        "Best regards",
        "From: whom?",
        "Original Message was lost, sorry.",
        "External mail is not my thing.",
        "5 < 6 and 7 > 6 &amp; so on <b>",
        "Tab\tand  spaces stay",
        "See https://wiki.c.test/a_b?c=d&e=f#g.",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 yes",
    ],
)
def test_lines_of_people_are_kept(text: str) -> None:
    assert read(f"{text}\n\nOn Fri, Nov 20, 2026 at 10:15 AM Catalog <r@c.test> wrote:\n{QUOTED}").text == text
    assert read(f"{text}\n\n{QUOTED}").text == text


def test_a_quote_of_another_mail_is_kept() -> None:
    text = "On 20 Nov 2026 at 10:15 Anna <anna@c.test> wrote:\n\nthat it works. It does not."
    assert read(f"{text}\n\nOn Fri, Nov 20, 2026 at 10:15 AM Catalog <r@c.test> wrote:\n{QUOTED}").text == text


def test_an_escaped_from_line_is_no_quote() -> None:
    """The mbox format puts the mark before the word."""
    assert read(f">From now on it is fixed.\n\n{QUOTED}").text == "From now on it is fixed."


@pytest.mark.parametrize(
    "marker",
    [
        MARKER, MARKER.upper(), f"*{MARKER}*", f"-- {MARKER} --", MARKER.replace(" ", "\u00a0"), MARKER.replace(" ", "  "),
        MARKER.replace("reply", "re\u200bply"), MARKER.replace(" above", "\n> above"), MARKER.replace(" ", "\n>\n> "),
        "Bitte geben Sie Ihre Antwort über dieser Zeile ein", "Veuillez saisir votre réponse au-dessus de cette ligne",
        "Por favor, escriba su respuesta encima de esta línea", "Digite sua resposta acima desta linha",
        "Digitare la risposta sopra questa riga", "Typ uw antwoord boven deze regel", "Skriv ditt svar ovanför denna raden",
        "この行の上に返信を入力してください",
        "请在此行上方输入您的回复", "Kirjoita vastauksesi tämän rivin yläpuolelle",
    ],
)
def test_the_marker_is_found_in_many_forms(marker: str) -> None:
    assert read(f"Mine.\n\n> {marker}\n>\n> Ben: Who?\n") == Extracted("Mine.", True)


@pytest.mark.parametrize(
    "page, text",
    [
        ("Yes<br>and no<p>Ple<b>ase</b> type <span>your&nbsp;re&shy;ply</span> above\nthis <i>line</i></p>Ben: Who?",
         "Yes\nand no"),
        (f"<p>a &lt;b&gt; &amp;amp; c</p><p>{MARKER}</p>", "a <b> &amp; c"),
        (f"a<!-- {MARKER} -->b<style>p {{}}</style><script>x()</script><p>{MARKER}</p>", "ab"),
        (f"<div>one</div><div><br></div><div>two</div><div>three</div><p>{MARKER}</p>", "one\n\ntwo\nthree"),
        (f"<p>one</p><p>two</p><hr><p>{MARKER}</p>", "one\n\ntwo"),
        (f"\U0001f44d<img alt='\U0001f389' src=x> <img alt='chart of Monday' src=y><img src=z><p>{MARKER}</p>",
         "\U0001f44d\U0001f389 [image: chart of Monday]"),
        (f"<a href='https://a.test/x'>here</a> <a href='mailto:a@b.test'>a@b.test</a> <a href='#top'>top</a><p>{MARKER}</p>",
         "here (https://a.test/x) a@b.test top"),
        (f"<ul><li>a<ul><li>b</ul></ul><ol><li>c<li>d</ol><p>{MARKER}</p>", "- a\n  - b\n\n1. c\n2. d".replace("\n\n", "\n")),
        (f"unclosed <div <b>bold<p>{MARKER}</p>", "unclosed\nbold"),
        (f"&#x41;&#66;&bogus;&#1114112;<p>{MARKER}</p>", "AB&bogus;�"),
        (f"if a < b and c > d<p>{MARKER}</p>", "if a < b and c > d"),
        ("<div>" * 5000 + f"deep</div>{'</div>' * 4999}<p>{MARKER}</p>", "deep"),
        (f"<blockquote>mine, set apart</blockquote>and on<p>{MARKER}</p>", "> mine, set apart\n\nand on"),
        ("<blockquote>mine, set apart</blockquote>and on", "> mine, set apart\n\nand on"),
    ],
)
def test_html_is_rendered_as_text(page: str, text: str) -> None:
    assert read(page, "html").text == text


def test_too_many_parts_are_refused() -> None:
    part = "--b\nContent-Type: text/plain\n\nx\n"
    head = "Content-Type: multipart/mixed; boundary=b\n\n"
    assert extract(email.message_from_string(head + part * 150 + "--b--\n")).text.count("x") == 150
    with pytest.raises(TooComplex):
        extract(email.message_from_string(head + part * 201 + "--b--\n"))


def test_too_deeply_nested_parts_are_refused() -> None:
    def nested(depth: int) -> str:
        head = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
        return head + "Content-Type: text/plain\n\nx\n" + "".join(f"--b{n}--\n" for n in reversed(range(depth)))
    assert extract(email.message_from_string(nested(20))).text == "x"
    with pytest.raises(TooComplex):
        extract(email.message_from_string(nested(21)))


def calls(content: str, kind: str) -> int:
    """Count the function calls: a measure independent of the machine's load."""
    counted = 0

    def count(_frame: object, event: str, _value: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read(content, kind)
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize(
    "kind, unit",
    [
        ("plain", "a:\n"), ("plain", "From: a@b.c\nTo: d\n"), ("plain", "On 20 Nov 2026 10:15 a@b.c wrote:\n"),
        ("plain", "> x\ny\n"), ("plain", "--\nabc\n"), ("plain", f"x {MARKER}\n"), ("plain", "A mentioned you in B:\n"),
        ("plain", "Sent from my iPhone\n"), ("plain", "[EXTERNAL]\n\n"), ("plain", "CAUTION: external mail.\n"),
        ("plain", "-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n"), ("plain", "-----BEGIN PGP SIGNATURE-----\n\n--\n\nx\n"),
        ("plain", "De la: a@b.c\nTrimis: 1.1.2026 10:15\nx: y\n"), ("plain", 'From "a" <a@b.c>\nDate 1.1.2026 10:15\n'),
        ("plain", "-----Original Message-----\nFrom: a@b.c\n"), ("plain", "a@b.c> \u5199\u9053\uff1a\n"),
        ("html", "<div>"), ("html", "<blockquote>x"), ("html", "</div><div>"),
        ("html", "<a href='http://x'>y"), ("html", "<a b="), ("html", "<ul><li>x"), ("html", "<div class=gmail_quote>x"),
        ("html", "<b><p>x"), ("html", "<table><tr><td>[EXTERNAL]"), ("html", "<div id=Signature>x</div>"),
    ],
)
def test_twice_as_much_takes_twice_as_long(kind: str, unit: str) -> None:
    small, large = calls(unit * 300, kind), calls(unit * 600, kind)
    assert large < 2.3 * small + 200
