"""Chinese names by the keyboard: pinyin with the surname's own reading, and initials (plain Python, no Django)."""

from __future__ import annotations

from functools import lru_cache

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


#: Variant and traditional characters as names carry them, and the form the register compares by.
_VARIANTS = (
    "峯峰 喆哲 堃坤 昇升 陞升 珮佩 勳勋 國国 華华 蘭兰 麗丽 鳳凤 龍龙 偉伟 強强 彊强 軍军 紅红 "
    "傑杰 榮荣 貴贵 寶宝 寳宝 劉刘 張张 陳陈 楊杨 黃黄 趙赵 吳吴 孫孙 馬马 鄭郑 謝谢 許许 鄧邓 "
    "馮冯 韓韩 蕭萧 葉叶 蔣蒋 羅罗 盧卢 賈贾 鍾钟 鐘钟 閻阎 閆闫 雲云 鵬鹏 學学 東东 蓮莲 嵐岚 "
    "靜静 穎颖 潁颖 瑩莹 曉晓 潔洁 絜洁 恆恒 愛爱 蘇苏 興兴 順顺 慶庆 億亿 義义 禮礼 廣广 長长 "
    "車车 門门 風风 維维 緯纬 綱纲 經经 紹绍 績绩 網网 銀银 錦锦 鋒锋 鋭锐 銳锐 鎮镇 鴻鸿 麥麦 "
    "齊齐 齋斋 後后 餘余 於于 雙双 衛卫 術术 樹树 橋桥 權权 歡欢 歲岁 煒炜 燁烨 爗烨 燦灿 獻献 "
    "瑋玮 環环 璽玺 畫画 祿禄 禎祯 穌稣 競竞 範范 節节 聖圣 聰聪 肅肃 臨临 艷艳 豔艳 莊庄 萬万 "
    "藝艺 衆众 眾众 補补 裏里 裡里 親亲 詩诗 語语 誠诚 諾诺 譚谭 贊赞 輝辉 煇辉 運运 連连 進进 "
    "達达 遠远 選选 鄒邹 醫医 釗钊 關关 陽阳 陰阴 隨随 雋隽 靈灵 韻韵 顏颜 頌颂 飛飞 駿骏 驥骥 "
    "魯鲁 鮑鲍 鳴鸣 黨党 淸清 靑青 髙高 郞郎 衞卫 逹达 兗兖 呂吕 溫温 潤润 濤涛 澤泽 濟济 淵渊 "
    "漢汉 滿满 沖冲 祕秘 栢柏 柹柿 樑梁 菓果 蔴麻 邨村 槑梅 烝蒸 迺乃 廼乃 㛃洁 蘋苹 岀出 嶽岳 "
    "巖岩 巗岩 崑昆 崐昆 "
)
_FOLD = str.maketrans({pair[0]: pair[1] for pair in _VARIANTS.split()})


def folded(name: str) -> str:
    """A name without spaces, dots and variant characters, as two spellings of one person are compared.

    >>> folded("張 国峯")
    '张国峰'
    """
    return "".join(letter for letter in name if not letter.isspace() and letter not in "·•．.").translate(_FOLD)


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
    from pypinyin import Style, lazy_pinyin  # its dictionary takes every program's start 0.15 s and 20 MB

    return tuple(part.strip().lower() for part in lazy_pinyin(text, style=Style.NORMAL) if part.strip())
