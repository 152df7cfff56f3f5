"""How the command speaks: both languages, one line each, colours only on a terminal."""

from rich.console import Console

from bacao.kit.text import Text

console = Console(highlight=False, soft_wrap=True)
errors = Console(highlight=False, soft_wrap=True, stderr=True)


def say(text: Text, *, style: str = "") -> None:
    """Print one thing in both languages on one line."""
    console.print(f"{text.zh}  {text.en}", style=style, markup=False)


def warn(text: Text) -> None:
    """Print what somebody should know, on the error stream."""
    errors.print(f"{text.zh}\n{text.en}", style="yellow", markup=False)


def error(text: Text) -> None:
    """Print what could not be done and the remedy, on the error stream."""
    errors.print(f"{text.zh}\n{text.en}", style="bold red", markup=False)
