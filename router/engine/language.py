"""Guess the language of a short text: by its script, and for Latin letters by its commonest words.

In: a text. Out: a language code, or "" when there is too little to go by. A wrong guess sends work to
somebody who cannot read it, so order numbers, names and "ok thx" stay without a language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

MAX_CHARS = 1_000

_LATIN_ENOUGH = 1.5
_LATIN_LEAD = 1.3
_LATIN_SHARE = 0.15
_IDEOGRAPH_WEIGHT = 4

# Only ASCII, because Chinese and Japanese go on right behind a link or a number. Each alternative can
# begin only where a run of its letters begins, which keeps the search linear.
_NOISE = re.compile(
    r"(?:https?://|www\.)[!-~]+"
    r"|(?<![A-Za-z0-9.+_-])[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+"
    r"|(?<![A-Za-z0-9_])[A-Za-z_]*[0-9][A-Za-z0-9_]*"
)
# What every kind of noise has in it. None of it has a space, so words without these need no closer look.
_SIGN_OF_NOISE = re.compile(r"[0-9@]|://|www\.")
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN_WORDS = {code: " " for code in range(128) if not chr(code).isalpha()}

# First code point of a range and its script; a range ends where the next begins.
_SCRIPTS: tuple[tuple[int, str], ...] = (
    (0x0000, "latin"),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, ""),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0700, ""),
    (0x0750, "arabic"),
    (0x0780, ""),
    (0x08A0, "arabic"),
    (0x0900, ""),
    (0x0E00, "thai"),
    (0x0E80, ""),
    (0x1100, "hangul"),
    (0x1200, ""),
    (0x1E00, "latin"),
    (0x1F00, "greek"),
    (0x2000, ""),
    (0x3040, "kana"),
    (0x3100, ""),
    (0x3130, "hangul"),
    (0x3190, ""),
    (0x31F0, "kana"),
    (0x3200, ""),
    (0x3400, "han"),
    (0xA000, ""),
    (0xAC00, "hangul"),
    (0xD7B0, ""),
    (0xF900, "han"),
    (0xFB00, "latin"),
    (0xFB1D, "hebrew"),
    (0xFB50, "arabic"),
    (0xFE00, ""),
    (0xFF21, "latin"),
    (0xFF66, "kana"),
    (0xFFA0, ""),
    (0x20000, "han"),
    (0x32000, ""),
)
_STARTS = tuple(start for start, _ in _SCRIPTS)

_BY_SCRIPT = {
    "han": "zh",
    "kana": "ja",
    "hangul": "ko",
    "cyrillic": "ru",
    "arabic": "ar",
    "thai": "th",
    "hebrew": "he",
    "greek": "el",
}

# Letters that tell a neighbour apart from the usual language of its script.
_NEIGHBOURS = {"ru": (frozenset("іїєґ"), "uk"), "ar": (frozenset("پچژگ"), "fa")}

_COMMON = {
    "en": """
        the a an and or of to in is are was were be been i you it my your me we our they this that these
        have has had do does did not no can could would will with for from on at when where what why how
        which please order refund delivery shipping received item broken help need want thank thanks still
        yet hi hello dear money back wrong
    """,
    "de": """
        der die das und oder ist sind war nicht kein keine ich du sie er es wir ihr mein meine meinen ihre
        ein eine einen mit für von auf zu zum zur im in den dem des wie wo wann was warum bitte habe haben
        hat bestellung lieferung danke noch immer wurde wird kann können auch aber ware paket hallo guten
        geld
    """,
    "fr": """
        le la les un une des et ou est sont était ne pas je tu il elle nous vous ils mon ma mes votre vos
        notre de du au aux en dans sur pour par avec que qui quoi où quand comment pourquoi bonjour merci
        commande livraison colis remboursement reçu ai avez toujours encore cette ce suis voudrais
    """,
    "es": """
        el la los las un una y o es son era no yo tú usted él ella nosotros mi mis su sus de del al en por
        para con que qué quién dónde donde cuándo cuando cómo como está están pedido envío reembolso
        recibido he ha hola gracias quiero todavía aún llegado favor paquete dinero muy
    """,
    "it": """
        il lo la gli le un una e o è sono era non io tu lei noi voi mio mia miei suo vostro di del della dei
        al alla in nel su per con che chi dove quando come perché ordine spedizione rimborso pacco ricevuto
        ho ha grazie buongiorno ciao ancora vorrei arrivato questo questa
    """,
    "pt": """
        o a os as um uma e ou é são era não eu você ele ela nós meu minha meus seu sua de do da dos das no
        na em por para com que quem onde quando como está estão pedido entrega encomenda reembolso recebi
        ainda obrigado obrigada olá quero chegou favor dinheiro muito
    """,
    "nl": """
        de het een en of is zijn was niet geen ik jij je u hij zij wij mijn uw van op te in aan met voor
        naar dat die dit waar wanneer hoe wat waarom bestelling levering pakket ontvangen heb hebben heeft
        nog steeds bedankt graag kan kunt geld terug hallo goedendag
    """,
    "pl": """
        i w z na do się nie jest są był była czy jak gdzie kiedy co dlaczego ja ty mój moje moja moją mam ma
        mamy proszę zamówienie zamówienia dostawa paczka paczki zwrot dziękuję dzień dobry jeszcze już dla
        od po ale tego to ten ta
    """,
}
_SPEAKERS: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, words in _COMMON.items() if word in words.split())
    for word in {word for words in _COMMON.values() for word in words.split()}
}
_OWN_LETTERS = {"ß": "de", "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "œ": "fr"} | dict.fromkeys(
    "łąęśżźćń", "pl"
)


def detect_language(text: str) -> str:
    """Name the language of a text, "" when it cannot be told."""
    letters = _without_noise(text[:MAX_CHARS])
    if letters.isascii():
        return _by_words(letters.lower())
    counts: Counter[str] = Counter()
    for char, times in Counter(letters).items():
        if char.isalpha() and (script := _script(char)):
            counts[script] += times
    if not counts:
        return ""
    for script in ("han", "kana", "hangul"):
        counts[script] *= _IDEOGRAPH_WEIGHT
    # Japanese mixes both; Chinese never has kana, so a few of them decide.
    if counts["kana"] * 10 >= counts["han"]:
        counts["kana"] += counts.pop("han")
    script, most = counts.most_common(1)[0]
    if most * 2 < counts.total():
        return ""
    if script == "latin":
        return _by_words(letters.lower())
    return _neighbour(_BY_SCRIPT[script], letters.lower())


def _without_noise(text: str) -> str:
    """Take out links, addresses and numbers, with what is written on to them."""
    parts = [
        part if part.isalpha() or not _SIGN_OF_NOISE.search(part) else _NOISE.sub(" ", part)
        for part in text.split()
    ]
    return " ".join(parts)


def _script(char: str) -> str:
    """Name the script of a letter, "" for one that tells nothing."""
    return _SCRIPTS[bisect_right(_STARTS, ord(char)) - 1][1]


def _neighbour(language: str, letters: str) -> str:
    """Tell a language from the other one written in the same script."""
    if language not in _NEIGHBOURS:
        return language
    own, neighbour = _NEIGHBOURS[language]
    return neighbour if own.intersection(letters) else language


def _by_words(letters: str) -> str:
    """Let the common words vote; a word of several languages shares its vote."""
    is_ascii = letters.isascii()
    words = Counter(letters.translate(_BETWEEN_WORDS).split() if is_ascii else _WORD.findall(letters))
    votes: dict[str, float] = {}
    evidence: Counter[str] = Counter()
    for word, times in words.items():
        for language in (speakers := _SPEAKERS.get(word, ())):
            votes[language] = votes.get(language, 0) + times / len(speakers)
            evidence[language] += 1
    for letter in () if is_ascii else _OWN_LETTERS.keys() & set(letters):
        language = _OWN_LETTERS[letter]
        votes[language] = votes.get(language, 0) + 1
        evidence[language] += 1
    if not votes:
        return ""
    second, most = sorted([0, 0, *votes.values()])[-2:]
    first = max(votes, key=lambda language: votes[language])
    sure = most >= _LATIN_ENOUGH and most >= second * _LATIN_LEAD and most >= words.total() * _LATIN_SHARE
    # One word said often may be a name.
    return first if sure and evidence[first] >= 2 else ""
