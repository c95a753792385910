"""Text from outside, made fit for one printed line."""

import re

LONGEST_WORD = 24  # a longer one would run out of its column
LONGEST_NUMBER = 16  # the same in the columns of telephone numbers
LONGEST_COPIED = 40  # addresses and references, which people copy: no hidden sign in those of usual length
PIECE = 8  # so it may be broken after every so many signs
BREAK_HERE = "\u200b"  # zero-width space
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def printable(text: str, longest: int = LONGEST_WORD) -> str:
    """Control characters become blanks, and a word without end gets places to break."""
    return " ".join(_breakable(word, longest) for word in CONTROLS.sub(" ", text).split(" "))


def _breakable(word: str, longest: int) -> str:
    if len(word) <= longest:
        return word
    return BREAK_HERE.join(word[at : at + PIECE] for at in range(0, len(word), PIECE))
