"""Chinese names by the keyboard: pinyin with the surname's own reading, and initials (plain Python, no Django)."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

#: Surnames that are read otherwise than the character alone; two-character surnames come first.
SURNAMES: dict[str, tuple[str, ...]] = {
    "万俟": ("mo", "qi"), "尉迟": ("yu", "chi"), "长孙": ("zhang", "sun"), "澹台": ("tan", "tai"),
    "令狐": ("ling", "hu"), "单于": ("chan", "yu"), "单": ("shan",), "曾": ("zeng",), "解": ("xie",), "仇": ("qiu",),
    "区": ("ou",), "查": ("zha",), "任": ("ren",), "盖": ("ge",), "华": ("hua",), "朴": ("piao",), "翟": ("zhai",),
    "缪": ("miao",), "乐": ("yue",), "召": ("shao",), "员": ("yun",), "折": ("she",), "种": ("chong",), "秘": ("bi",),
    "繁": ("po",), "逄": ("pang",), "冼": ("xian",), "覃": ("qin",), "隗": ("wei",), "晁": ("chao",), "柏": ("bai",),
    "燕": ("yan",), "尹": ("yin",), "卜": ("bu",), "宓": ("mi",), "洗": ("xian",), "重": ("chong",), "阚": ("kan",),
    "那": ("na",), "谌": ("chen",), "都": ("du",), "车": ("che",), "冯": ("feng",), "祭": ("zhai",), "沈": ("shen",),
    "石": ("shi",), "黑": ("he",), "贾": ("jia",), "纪": ("ji",), "曲": ("qu",), "应": ("ying",), "臧": ("zang",),
}  # fmt: skip


@lru_cache(maxsize=4096)
def syllables(name: str) -> tuple[str, ...]:
    """Syllables of a person's name, surname first; letters that are not Chinese stay together in lower case.

    >>> syllables("单示例")
    ('shan', 'shi', 'li')
    """
    compact = "".join(name.split())
    for length in (2, 1):
        surname = SURNAMES.get(compact[:length])
        if surname:
            return surname + _plain(compact[length:])
    return _plain(compact)


def pinyin(name: str) -> str:
    """张示例 -> "zhang shi li"."""
    return " ".join(syllables(name))


def initials(name: str) -> str:
    """张示例 -> "zsl"."""
    return "".join(syllable[0] for syllable in syllables(name) if syllable)


def place_initials(name: str) -> str:
    """Capital initials of a place, read as plain words: 邱家店 -> "QJD"."""
    return "".join(syllable[0] for syllable in _plain(name) if syllable and syllable[0].isalnum()).upper()


def _plain(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in lazy_pinyin(text, style=Style.NORMAL) if part.strip())
