"""Cells shown to recognise a column by: what may be a person's name or number is masked, known column or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.masks import mask_card, mask_id, mask_name, mask_phone
from households.roster.columns import shipped_synonyms, word_key
from households.roster.normalise import tidy_compact

_BY_MEANING: dict[str, Callable[[str], str]] = {
    "id_number": mask_id, "phone": mask_phone, "bank_card": mask_card, "head_name": mask_name,
    "account_holder": mask_name,
}  # fmt: skip
_ID = re.compile(r"[0-9]{17}[0-9Xx]|[0-9]{15}")
_PHONE = re.compile(r"1[0-9]{10}")
_CARD = re.compile(r"[0-9]{16,19}")
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤方俞任袁柳鲍史唐费薛雷贺倪汤"
    "滕殷罗毕郝安常乐于时傅皮卞齐康伍余元顾孟黄穆萧尹姚邵汪毛狄米贝臧戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季贾路江童颜郭梅盛林刁钟徐"
    "邱骆高夏蔡田樊胡凌霍万柯管卢莫房裘解应宗丁宣邓洪包左石崔吉龚程邢裴陆荣翁甄曲封靳段焦巴牧侯宁仇甘厉祖武符刘景詹束龙叶幸司白"
    "蒲赖卓蔺屠蒙乔谭温庄晏柴瞿阎连向古易廖终居衡步都耿满国文寇广东欧沃利师巩聂关荆游权盖益桓闫肖付代苟"
)
_NAME = re.compile(f"[{_SURNAMES}][\u3400-\u9fff·]{{1,3}}")
_LONG = 7  # digits; shorter ones are areas, days, doors
_PLACE = re.compile(r"[村庄居区镇乡组屯县市街路号]$")


def masked_sample(text: str, meaning: str) -> str:
    """`text` under the mask of the field it is read as; without one, under the mask its own shape asks for."""
    mask = _BY_MEANING.get(meaning)
    if mask is not None:
        return mask(text)
    compact = tidy_compact(text)
    for shape, own in ((_PHONE, mask_phone), (_ID, mask_id), (_CARD, mask_card)):
        if shape.fullmatch(compact):
            return own(compact)
    if not meaning and _may_be_name(compact):
        return mask_name(compact)
    if sum(map(str.isdigit, text)) < _LONG:
        return text
    return "".join("*" if place >= 4 and char.isdigit() else char for place, char in enumerate(text))


def masked_row(texts: Sequence[str]) -> list[str]:
    """A row of a sheet nobody has mapped yet; headings and titles stay readable."""
    is_person = any(_ID.fullmatch(tidy_compact(text)) or _PHONE.fullmatch(tidy_compact(text)) for text in texts)
    return [masked_sample(text, "" if is_person else "words") for text in texts]


def _may_be_name(compact: str) -> bool:
    known = shipped_synonyms()
    if not _NAME.fullmatch(compact) or _PLACE.search(compact) or known.field_of(compact):
        return False
    key = word_key(compact)
    return not any(key in words for words in (known.technologies, known.old_heating, known.classes))
