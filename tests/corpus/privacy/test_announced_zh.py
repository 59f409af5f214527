"""Names of any origin that a label, a role, a title or an age announces in Chinese, and where they end."""

import pytest

from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("姓名：张　伟 诊断：高血压", "姓名：[NAME] 诊断：高血压"),
        ("患者：陳大文，男，因咳嗽入院", "患者：[NAME]，男，因咳嗽入院"),
        ("患者山本太郎因发热入院治疗", "患者[NAME]因发热入院治疗"),
        ("患者古丽米热·吐尔逊诉头痛", "患者[NAME]诉头痛"),
        ("姓名：李小红性别：女", "姓名：[NAME]性别：女"),
        ("主治醫師：黃志明", "主治醫師：[NAME]"),
        ("患者德吉旺姆因腹痛入院", "患者[NAME]因腹痛入院"),
        ("病人阿布都外力·买买提拒绝手术", "病人[NAME]拒绝手术"),
        ("患者阿里木今日出院", "患者[NAME]今日出院"),
        ("患者约翰·布朗诉胸痛", "患者[NAME]诉胸痛"),
        ("患者：kim minsoo，男", "患者：[NAME]，男"),
        ("中村先生今日来诊", "[NAME]先生今日来诊"),
        ("格桑卓玛，女，34岁", "[NAME]，女，34岁"),
        ("产妇布威海丽其·阿布都克里木顺产一女婴。", "产妇[NAME]顺产一女婴。"),
        ("亚森江·热合曼因车祸入院", "[NAME]因车祸入院"),
        ("【患者姓名】达瓦旺久", "【患者姓名】[NAME]"),
        ("监护人：山口隆之", "监护人：[NAME]"),
        ("上诉人强久央宗请求改判。", "上诉人[NAME]请求改判。"),
        ("姓 名：郁 鑫 性 别：男", "姓 名：[NAME] 性 别：男"),
        ("患者玄在旭要求出院", "患者[NAME]要求出院"),
        ("由鄢丽萍护士陪同。", "由[NAME]护士陪同。"),
        ("寇未央确诊肺癌。", "[NAME]确诊肺癌。"),
        ("请次仁医生会诊", "请[NAME]医生会诊"),
    ],
)
def test_what_is_announced_is_a_name_and_ends_before_the_verb(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "患者长期口服华法林抗凝治疗。",
        "予雷贝拉唑，孟鲁司特，布洛芬。",
        "患者辛伐他汀过敏",
        "患者帕金森病十年",
        "患者：无不适",
        "姓名：不详",
        "患者高血压十年，左上腹痛，黄疸加重",
        "患者安宫牛黄丸一粒",
    ],
)
def test_drugs_eponyms_and_verbs_are_no_names(text: str) -> None:
    assert redacted(text) == text
