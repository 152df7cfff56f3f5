"""Sentences in both languages, side by side, so that neither can be forgotten."""

from typing import NamedTuple


class Text(NamedTuple):
    """One thing said in Chinese and in English."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """Return the wording for a language code such as `zh-hans` or `en`."""
        return self.zh if language.startswith("zh") else self.en


class Refused(Exception):
    """Something cannot be done; `code` is for programs, `text` a sentence its reader can act on.

    Subclasses name the case. A page shows `text` and changes nothing.
    """

    code = "refused"
    text = Text("现在不能这样做。", "This cannot be done now.")
    status = 409

    def __init__(self, text: Text | None = None, *, code: str | None = None) -> None:
        self.text = text or self.text
        self.code = code or self.code
        super().__init__(self.text.en)
