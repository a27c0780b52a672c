"""Text that people read, in English and in other languages."""

from __future__ import annotations

from typing import Self


class Text(str):
    """English text that also says the same in other languages, by their tags::

        Text("Equal epochs", zh="轮数相同")

    It is the English ``str`` wherever text is expected: that is what is compared,
    hashed and written down, so a translation never changes a campaign or a run.
    """

    translations: dict[str, str]

    def __new__(cls, english: str, **translations: str) -> Self:
        text = super().__new__(cls, english)
        text.translations = translations
        return text


def text_of(text: str, language: str = "en") -> str:
    """The text in that language; in English where it has no translation."""
    translations = text.translations if isinstance(text, Text) else {}
    return translations.get(language, str(text))
