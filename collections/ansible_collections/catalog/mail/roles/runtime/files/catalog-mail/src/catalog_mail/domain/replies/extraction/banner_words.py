# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""The fixed sentences, tags and links of the warnings that gateways write into a mail."""

from __future__ import annotations

import re

_ORGANISATION = (r"(?:(?:of|from|to)\s)?(?:(?:the|your|our|my|an?|its|this)\s)?"
                 r"[\w'\u2019&-]{0,40}(?:\.[\w-]{1,40}){0,4}(?:\s[\w'\u2019&-]{1,40}){0,3}")
# Sentences by their meaning. Tails are short and have no comma: an author's sentence goes on.
_SENTENCES = {
    "label": r"""(?:(?:security|external|important)\s)?(?:caution|warning|attention|alert|notice|important|beware)
        | achtung | vorsicht | warnung | wichtig | attention | avertissement | prudence | precauci[oó]n | atenci[oó]n
        | advertencia
        | attenzione | avviso | let\sop | waarschuwing | aten[cç][aã]o | cuidado | aviso | varning | advarsel | uwaga | внимание
        | 注意 | 警告""",
    "tag": r"""external\s(?:e-?mail|sender|message|mail)(?:\s(?:warning|alert|notice))?
        | (?:externe\s(?:e-?mail|nachricht)|externer\sabsender) | (?:e-?mail|courriel|message|exp[eé]diteur)\sexterne
        | (?:correo|remitente|mensaje)\sexterno | (?:e-?mail|mittente|messaggio)\sestern[ao]
        | 外部メール | 外部邮件 | 外部郵件""",
    "origin": rf"""(?:this|the\sfollowing)\s(?:e-?mail|mail|message)\s(?:(?:has|was|is|have)\s)?(?:been\s)?
          (?:originat(?:ed|es)|sent|com(?:es|ing)|came|received|from)\s?(?:by\s|from\s)?
          (?:(?:some(?:one|body)|an?|the)\s)?(?:outside|external|unknown|untrusted)\s?{_ORGANISATION}
        | (?:this|the)\ssender\sis\s(?:outside|external|from\soutside)\s?{_ORGANISATION}
        | this\sis\san\sexternal\s(?:e-?mail|message)
        | you\shave\snot\spreviously\scorresponded\swith\sthis\ssender
        | diese\s(?:e-?mail|nachricht)\s(?:(?:stammt|kommt|kam|ist|wurde)\s)?(?:von\s|aus\s)?
          (?:extern\w*|au(?:ß|ss)erhalb|einem\sexternen\sabsender|einer\sexternen\squelle)(?:\s[\w-]{{1,40}}){{0,5}}
        | (?:ce\s(?:courriel|message|mail)|cet\s(?:e-?mail|courriel))\s(?:provient|vient|a\s[eé]t[eé]\senvoy[eé])\s
          (?:de\sl['\u2019]ext[eé]rieur|d['\u2019]un\sexp[eé]diteur\sexterne|d['\u2019]une\ssource\sexterne)(?:\s[\w'\u2019-]{{1,40}}){{0,5}}
        | este\s(?:correo(?:\selectr[oó]nico)?|mensaje|e-?mail)\s
          (?:proviene|procede|se\sorigin[oó]|fue\senviado|foi\senviado|[eé]|es|tem\sorigem)\s?
          (?:de\s)?(?:un\s|um\s|uma\s|una\s)?
          (?:fuera|fora|externo|externa|remitente\sexterno|remetente\sexterno|fuente\sexterna)(?:\s[\w-]{{1,40}}){{0,5}}
        | questa\se-?mail\s(?:proviene|arriva|[eè]\sstata\sinviata)\s
          (?:da\sun\smittente\sesterno|dall['\u2019]esterno|da\suna\sfonte\sesterna)(?:\s[\w'\u2019-]{{1,40}}){{0,4}}
        | deze\s(?:e-?mail|mail)\s(?:is\safkomstig|komt|is\sverzonden)\svan\s(?:buiten|een\sexterne)(?:\s[\w-]{{1,40}}){{0,4}}""",
    "advice": r"""(?:please\s)?
          (?:do\snot|don['\u2019]t|never|avoid|be\s(?:careful|cautious)|use\scaution|exercise\scaution|think\sbefore)\b
          [^.!?]{0,60}\b(?:links?|attachments?|respond\w*|repl(?:y|ying))\b[^.!?]{0,140}
        | (?:bitte\s)?(?:klicken|[oö]ffnen)\ssie\b[^.!?]{0,40}\b(?:links?|anh[aä]nge?)\b[^.!?]{0,140}
        | (?:ne|n['\u2019])\s?(?:cliquez|ouvrez)\b[^.!?]{0,60}\b(?:liens?|pi[eè]ces\sjointes)\b[^.!?]{0,140}
        | n[oã]o?\s(?:haga\sclic|abra|clique)\b[^.!?]{0,60}\b(?:enlaces?|links?|archivos|anexos)\b[^.!?]{0,140}
        | non\s(?:cliccare|aprire)\b[^.!?]{0,60}\b(?:link|allegati)\b[^.!?]{0,140}
        | (?:klik|open)\s[^.!?]{0,40}\b(?:links?|bijlagen)\b[^.!?]{0,140}""",
    "first_contact": r"""(?:some\speople\swho\sreceived\sthis\smessage\s|you\s)don['\u2019]t\soften\sget\se-?mail\sfrom\s
          \S{3,200}?
          (?=[.\s]+learn\swhy\sthis\sis\simportant)""",
    "more": r"""learn\swhy\sthis\sis\simportant | (?:report\s(?:suspicious|phishing|this\smessage))
        | https?://\S{1,400}""",
}
SENTENCE = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _SENTENCES.items()), re.IGNORECASE | re.VERBOSE)
# A tag in brackets or in capitals, by itself.
BRACKETS = re.compile(
    r"\W*[\[\u3010(<{](?:EXT|EXTERN|EXTERNE?|EXTERNAL|ESTERNO|EXTERNO|[Ee]xternal|外部)"
    r"(?:[ -](?:(?i:e-?mail|mail|sender|message|absender)))?[\]\u3011)>}]\W*+"
)
CAPITALS = re.compile(r"\W*EXTERNAL[ -](?:E-?MAIL|SENDER|MESSAGE|MAIL)\W*")
# A line below [EXTERNAL] that makes it the head of a section in a file of settings.
SECTION = re.compile(r"\s*(?:[\w.-]{1,60}\s*[=:]|[#;\[])")
# Links and marks that only these gateways write.
FIRST_CONTACT_LINK = re.compile(r"aka\.ms/LearnAboutSenderIdentification\S*\W*$", re.IGNORECASE)
FIRST_CONTACT_LONGEST = 400
SHOUTED = re.compile(r"\bEXTERN|\[")
# The meanings of a warning in other words, which count only in a box.
FROM_OUTSIDE = re.compile(
    r"\b(?:external|outside|extern\w*|au(?:ß|ss)erhalb|ext[eé]rieur|extern[oa]|fuera|fora|buiten)"
    r"\b|外部|社外", re.IGNORECASE
)
ADVICE = re.compile(
    r"\b(?:click\w*|links?|attachments?|klick\w*|anh[aä]nge?n?|cliquez|liens?|pi[eè]ces\sjointes|clic|enlaces?"
    r"|adjuntos|allegati|cliccare|klik|bijlagen|clique|anexos)\b|リンク|添付|链接|附件", re.IGNORECASE
)
MAIL = re.compile(
    r"\b(?:e-?mails?|mails?|messages?|senders?|nachricht\w*|absender\w*|courriels?|exp[eé]diteurs?|correos?|mensajes?|mensagens?"
    r"|mensagem|remitentes?|remetentes?|messagg\w*|mittent\w*|bericht\w*|afzenders?)\b"
    r"|メール|邮件|郵件|送信者|发件人", re.IGNORECASE
)
BOX_LONGEST = 500
MARKS = re.compile(r"\w{0,40}banner(start|end)\W*", re.IGNORECASE)
MARKED = re.compile(r"\w{0,40}bannerstart\b.*bannerend", re.IGNORECASE)
MARKED_LINES = 30
