# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ruff: noqa: RUF001 - letters of many alphabets
"""Words that mail clients and gateways write into a reply, in many languages.

Not taken from mail-parser-reply 1.36: its expressions backtrack through a whole message (44 s for 4 KB of "Am schrieb "), it
knows thirteen languages, and it is right for 24 of the 55 plain texts in tests/service/replies.
"""

from __future__ import annotations

import re


def _of(words: str) -> list[str]:
    """Split a list at bars; entries may be written over several lines."""
    return [" ".join(word.split()) for word in re.split(r"\s\|\s", words)]


def _any(words: str) -> str:
    return "(?:" + "|".join(_of(words)) + ")"


_LABELS = {
    "from": """from | von | de | da | van | från | fra | lähettäjä | od | kimden | gönderen | от | від | 差出人 | 送信者 | 送信元
        | 发件人 | 寄件者 | 寄件人 | 보낸 사람 | feladó | odesílatel | expéditeur | remitente | mittente | afzender
        | από | מאת | من""",
    "date": """sent | date | gesendet | gesendet am | datum | envoyé | envoyé le | enviado | enviado el | enviado em | enviada em
        | data | fecha | inviato | verzonden | skickat | skickad | sendt | dato | lähetetty | päivämäärä | päiväys | wysłano
        | wysłane | gönderildi | gönderme tarihi | tarih | отправлено | дата | надіслано | 送信日時 | 日時 | 日付 | 发送时间
        | 发送日期
        | 日期 | 已发送 | 傳送時間 | 寄件日期 | 보낸 날짜 | 날짜 | elküldve | dátum | odesláno | εστάλη | ημερομηνία
        | נשלח | תאריך | التاريخ | trimis""",
    "to": """to | an | à | a | para | aan | till | til | vastaanottaja | do | kime | alıcı | кому | 宛先 | 收件人 | 收件者
        | 받는 사람 | címzett | komu | destinataire | προς | אל | إلى | către""",
    "subject": """subject | betreff | objet | asunto | assunto | oggetto | onderwerp | ämne | emne | aihe | temat | konu | тема
        | 件名 | 主题 | 主題 | 主旨 | 제목 | tárgy | předmět | θέμα | נושא | الموضوع | subiect""",
    "cc": "cc | bcc | kopie | kopia | kopi | copie à | копия | копія | 抄送 | 副本 | 참조 | másolat | bilgi | κοιν | עותק",
    "other": """reply-to | antwort an | importance | wichtigkeit | priority | priorität | importancia | importância
        | attachments | anlagen""",
}
# Kinds of header lines by label in lower case.
LABELS = {label: kind for kind, labels in _LABELS.items() for label in _of(labels)}

_VERBS = r"""wrote | writes | schrieb | schreef | skrev | skreiv | kirjoitti | napsala? | napísala? | napisała? | yazdı
    | escribió | va escriure | escreveu | ha scritto | scritto | écrit | a scris | написала? | пишет | писал | пише | έγραψε
    | írta | rašė | rakstīja | kirjutas | je napisao | je pisal"""
_VERBS_IN_TEXT = """写道 | 寫道 | 写了 | のメール | さんが書きました | は書きました | 님이 작성
    | 작성 | כתב | كتب | đã viết | menulis"""
# The verb of an attribution line.
WROTE = re.compile(rf"\b{_any(_VERBS)}\b|{_any(_VERBS_IN_TEXT)}", re.IGNORECASE)
# The verbs that a text in ASCII can have, in lower case; without regard to case a dotless i is an i. A search for them takes a
# tenth of the time of one for `WROTE`, but also finds the end of a longer word.
WROTE_IN_ASCII = re.compile(
    rf"(?:{'|'.join(verb for verb in _of(_VERBS.replace(chr(0x131), 'i')) if verb.isascii())})\b", re.ASCII
)
# The same of verbs that are found within words.
WITHIN_ASCII_WORDS = tuple(verb for verb in _of(_VERBS_IN_TEXT) if verb.isascii())
# The last two letters of the verbs, whose last letter may be missing. Without regard to case a dotless i is an i.
VERB_ENDINGS = frozenset(
    form[-2:].replace("\u0131", "i")
    for verb in _of(f"{_VERBS} | {_VERBS_IN_TEXT}")
    for form in (verb.removesuffix("?"), re.sub(r".\?$", "", verb))
)


_TITLES = """original message | replied message | original appointment | forwarded message
    | ursprüngliche nachricht | originalnachricht | weitergeleitete nachricht | message d'origine | message original
    | message transféré | mensaje original | mensagem original | messaggio originale | oorspronkelijk bericht
    | origineel bericht
    | ursprungligt meddelande | originalmeddelande | oprindelig meddelelse | opprinnelig melding | alkuperäinen viesti
    | wiadomość oryginalna | orijinal mesaj | исходное сообщение | пересылаемое сообщение | původní zpráva
    | 元のメッセージ
    | 原始邮件
    | 原始郵件 | 原邮件 | 원본 메시지 | 원본 메일"""
# "Original Message", between dashes or alone.
ORIGINAL = re.compile(r"[\s\-_=*]*+" + _any(_TITLES) + r"[\s\-_=*:]*$", re.IGNORECASE)
TITLES = frozenset(_of(_TITLES))

# The marker as translating clients show it. Any characters but letters and digits may separate its words.
_TRANSLATED = _any(r"""bitte (?:geben|schreiben) sie ihre antwort (?:oberhalb|über) dieser zeile(?: ein)?
    | veuillez (?:saisir|taper|écrire) votre réponse au dessus de cette ligne
    | (?:por favor )?escriba su respuesta (?:encima|por encima|arriba) de esta línea
    | (?:por favor )?(?:digite|escreva) (?:a )?sua resposta acima desta linha
    | (?:si prega di )?(?:digitare|scrivere|digita|scrivi) la (?:tua |sua )?risposta sopra questa riga
    | (?:typ|schrijf) (?:uw|je) antwoord boven deze regel
    | skriv (?:ditt|dit) svar (?:ovanför|over|ovenfor) denn[ae] (?:raden|linjen|linje)
    | kirjoita vastauksesi tämän rivin yläpuolelle
    | (?:proszę )?wpisz(?:cie)? swoją odpowiedź (?:powyżej tej linii|nad tą linią)
    | lütfen yanıtınızı bu satırın üstüne yazın
    | пожалуйста введите (?:свой |ваш )?ответ (?:над этой строкой|выше этой строки)
    | この(?:行|線)の上に(?:返信|返事)を入力してください | 请在此行上方(?:输入|键入)您的(?:回复|答复)
    | 請在此行上方輸入您的回覆
    | 이 줄 위에 (?:답장|회신)을 입력(?:하세요|해 주세요)""")
TRANSLATED_MARKER = re.compile(r"(?m)^[^\w\n]*+" + _TRANSLATED.replace(" ", r"\W++") + r"[^\w\n]*+$", re.IGNORECASE)

_PRODUCT = _any(r"""iphone | ipad | ipod | ios | android | samsung | galaxy | huawei | xiaomi | redmi | oneplus | pixel
    | blackberry | nokia | windows | outlook | yahoo | aol | proton | gmx | web\.de | tuta\w* | fairemail | k-9
    | spark | superhuman | airmail | zoho | macbook""")
_DEVICE = _any(r"""handy\w* | mobil\w* | phone | smartphone\w* | tablet\w* | telefon\w* | téléphone | móvil | cellulare | device
    | gerät | appareil | dispositivo | smartfon\w* | enhet | телефона | устройства""")
_MY = _any("my | our | meine?[mnrs]? | mon | ma | mi | meu | minha | mio | mijn | min | mitt | mojego | мо[егйяю]+")
_SENT = _any("""sent (?:from|with|via|using) | gesendet (?:von|mit|über) | diese nachricht wurde von
    | envoyé (?:de|depuis|à partir|avec) | enviado (?:desde|de|do|a partir|com|con|por) | inviato da
    | verzonden (?:vanaf|vanuit|met|via) | skickat från | sendt fra | lähetetty | wysłan[eo] (?:z|za) | odesláno z
    | отправлено (?:с|из) | get outlook for | outlook (?:für|voor) | holen sie sich outlook | obten(?:ez|er|ga) outlook
    | télécharge[rz] outlook | descargar outlook | scarica outlook | download outlook | hent outlook | hämta outlook
    | trimis de pe | elküldve""")
# A line such as "Sent from my ...", which a program wrote. It names a product, or the author's device: people write of others.
SENT_FROM = re.compile(
    rf"{_SENT}\b(?=.*\b{_PRODUCT}\b|.*\b{_MY}\b.{{0,30}}\b{_DEVICE}\b|\s{_DEVICE}\W*$)[^?!:]*|"
    + _any(r"""发自我的[\w .+-]{1,30} | 從我的[\w .+-]{1,30}傳送 | 从我的[\w .+-]{1,30}发送 | (?:내|나의) [\w .+-]{1,30}에서 보냄
        | (?:iphone|ipad)から送信 | (?:iphone|ipad)['\u2019]?[dt][ae]n gönderildi
        | von meinem [\w -]{1,40} gesendet | outlook für \w+ (?:herunterladen|laden)"""),
    re.IGNORECASE)

# Texts that gateways write below outgoing mail: of a virus scanner, and the begin of a lawyers' text.
SCANNED = re.compile(
    r"\W*(?:" + _any(r"""virus-?free\W{0,6}www\. | virenfrei\W{0,6}www\. | sans virus\W{0,6}www\. | libre de virus\W{0,6}www\.""")
    + r"|(?:this|diese) (?:e-?mail|message|nachricht) .{0,60}" + _any("checked for viruses | auf viren geprüft") + ")",
    re.IGNORECASE)
DISCLAIMER = re.compile(
    r"\W*" + _any(r"""(?:this|the information in this) (?:e-?mail|message|communication|transmission)
    | (?:confidential(?:ity)?|disclaimer|legal|privacy|vertraulich\w*|vertraulichkeits\w*) ?(?:notice|note|information|hinweis)?:
    | (?:confidentiality|privacy|legal) (?:notice|note) | disclaimer$ | diese (?:e-?mail|nachricht) (?:und|enthält|kann|ist)
    | ce (?:message|courriel) (?:et|est|peut)"""), re.IGNORECASE)
# A lawyers' text speaks of these.
OF_RECIPIENTS = re.compile(
    _any(r"""(?:intended|named|designated) recipients? | addressees? | individual or entity | privileged | unauthori[sz]ed
    | received .{0,40}in error | sole use | empfänger\w* | adressat\w* | irrtümlich
    | unbefugt\w* | destinataires? | par erreur"""), re.IGNORECASE)
