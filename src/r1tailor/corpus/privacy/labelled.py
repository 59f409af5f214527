"""Identifiers whose shape says nothing, found by the label in front of them: ``MRN: 4482910``, ``病案号：ZY0012``.

This is also how a number that lost its shape (a phone number without its area code, a digit dropped) is still found.
"""

import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.findings import IDEOGRAPH, Finding
from r1tailor.corpus.privacy.numbers import holds
from r1tailor.schema.corpus import PrivacyKind

# In lower case. A label of two words may have any white space between them.
_ENGLISH: dict[PrivacyKind, str] = {
    "fax": r"fax|facsimile|telefax",
    "phone": r"(?:tele)?phone|te[l1]|mobile|mob|cell(?:phone)?|cellular|pager|beeper|call(?:back)?|call (?:him|her"
    r"|me|us)"
    r"(?: back)? (?:at|on)|ph|reach(?:ed|able)? (?:at|on)|whatsapp|contact",
    "ssn": r"ssn|ss|social security|soc sec|soc\. sec\.",
    "mrn": r"mrn|mr|medical rec(?:ord|\.)?|hosp\.?|med(?:\.|ical)? rec(?:\.|ord)?|chart|patient id(?:entifier)?"
    r"|patient|pt id|unit"
    r"|hospital|record|encounter|visit|csn|har|admission",
    "health_plan": r"health plan(?: beneficiary)?|plan|member(?:ship)?|subscriber|beneficiary|policy(?:holder)?"
    r"|insurance"
    r"|ins|medicare(?: beneficiary)?|mbi|medicaid|group|hicn|payer",
    "account": r"account|acct?\.?|a/c|iban|routing|billing|invoice|bank account",
    "bank_card": r"(?:credit|debit|bank) card|card|visa|mastercard",
    "plate": r"(?:licen[cs]e )?plates?|tag|reg(?:istration)? plate|vehicle registration",
    "vin": r"vin|vehicle(?: identification| id)?|chassis",
    "licence": r"(?:driver'?s? |medical |state |nursing |professional |pharmacy |bar |board )?(?:licen[cs]e|lic\.?"
    r"|certificate|cert\.?|registration|permit)|bar|dea|npi|upin|dl",
    "device": r"serial|s/n|sn|device|pacemaker|implant|udi|lot|imei|mac|pump|stent|monitor|generator",
    "ip": r"ip|ip address",
    "biometric": r"biometric|fingerprint|finger print|voice ?print|retina(?:l)?(?: scan)?|iris(?: scan)?|palm ?print"
    r"|face(?:print| template| scan)|facial template",
    "photo": r"photo(?:graph)?s?|picture|full[- ]face(?: photo(?:graph)?| image)?|headshot|portrait|image(?: file)?",
    "passport": r"passport",
    "resident_id": r"(?:national |resident |chinese )?(?:identity|id)(?: card)?|resident id(?:entity)?(?: card)?",
    "code": r"[a-z]{2,20}(?=\x20?(?:no\.|number|num|#|id)[\x20:#])|accession|case|ref(?:erence)?|specimen|sample"
    r"|order|study|docket|ticket|request|claim|file|barcode|employee"
    r"|student|requisition|tracking|matter|loyalty|badge|cause",
}
_CHINESE: dict[PrivacyKind, str] = {
    "fax": "传真(?:号码?)?",
    "phone": "(?:联系|家庭|办公|固定|移动|手机|客服|随访|紧急联系|家属)?(?:电话|手机)(?:号码?)?|联系方式|手机号码?"
    "|座机|微信号?|致电|拨打|QQ号?",
    "mrn": "病案号?|住院(?:号|编号)|门诊(?:号|编号)|病历(?:号|编号)|就诊(?:号|卡号|编号)|登记号|急诊号|档案号"
    "|病人(?:ID|编号)|患者(?:ID|编号)|病案编号",
    "health_plan": "医保(?:卡|证)?(?:号码?|编号|卡号)?|社保(?:卡|号)?(?:号码?)?|保险单?号码?|参保(?:人)?(?:号"
    "|编号)|新农合(?:证)?号|社会保障(?:卡)?号码?|保单号?",
    "account": "(?:银行|存款|结算|收款|付款|对公|资金)?[账帐][号户](?:号码?)?|公积金[账帐]?号",
    "bank_card": "(?:银行|信用|借记|储蓄)?卡号|(?:银行|信用|借记|储蓄)卡(?:号码?)?",
    "licence": "(?:驾驶|执业|行医|资格|律师|医师|护士|教师|学位|毕业|营业|许可|产权|登记|工作)证?(?:资格)?(?:证书?"
    "|执照|许可证)?(?:号码?|编号)"
    "|驾照号?|证书(?:编号|号码?)|证件号码?|许可证号|执照号|军官证号?",
    "vin": "车架号码?|车辆识别(?:代号|代码|号码)|发动机号码?",
    "plate": "车牌(?:号码?)?|号牌号码|车号",
    "device": "设备(?:号|编号|序列号)|序列号|起搏器(?:编号|序列号|号)?|器械编号|产品编号|机身号|出厂编号|植入物编号",
    "biometric": "(?:指纹|声纹|虹膜|人脸|掌纹|面部|视网膜|生物)(?:特征|模板|识别|图像|采集|信息)?(?:编号|号|ID|码)?",
    "photo": "(?:正面|面部|免冠|患者)?(?:照片|相片|影像资料|肖像|图片)(?:编号|文件名?|附件|号)?",
    "passport": "护照(?:号码?)?|通行证(?:号码?)?",
    "resident_id": "(?:居民)?身份证(?:件)?(?:号码?)?|公民身份号码|身份号码",
    "social_credit": "(?:统一)?社会信用代码|信用代码|纳税人识别号|组织机构代码|税号",
    "code": "[一-龥]{0,4}(?:编号|单号|号码|序号|ID号?|条码)|(?:检查|标本|样本|条码|流水|受理|工单|合同|学籍|工|学"
    "|案件|订单|报告|申请单|处方|准考证|立案)编?号|案号|编号",
    "zip": "邮政编码|邮编",
}


def _alternatives(labels: dict[PrivacyKind, str], before: str, after: str) -> re.Pattern[str]:
    body = "|".join(f"(?P<{kind}>{pattern.replace(' ', r'[ ]{1,2}')})" for kind, pattern in labels.items())
    return re.compile(f"{before}(?:{body}){after}", re.IGNORECASE | re.ASCII if before else re.ASCII)


_WORD = r"(?: ?(?:nos?|nr|num|number|n[0o]\.|identifier|id|code|#|card|ref|file|template)(?![a-z])\.?){0,3}"
_ENGLISH_LABEL = _alternatives(
    _ENGLISH,
    r"(?<![a-z])",
    rf"(?![a-z])(?P<marked>{_WORD})(?P<sign>[ ]{{0,2}}[:;#=][#: ]{{0,3}}|[ ]{{1,2}}(?:is|was|at|on)[: ]{{1,3}}"
    rf"|[ ]{{1,3}})",
)
_CHINESE_LABEL = _alternatives(_CHINESE, "", r"(?P<sign>[ ]{0,2}[:;为是至到给#=][: ]{0,3}|[ ]{0,2})(?:No[.:] ?)?")
_PART = "[A-Za-z0-9]{1,40}"
_GROUP = r"(?:[ -]{1,3}[A-Z]{0,3}[0-9OolI]{2,8})"
_VALUE = re.compile(
    rf"\+?\(?[A-Za-z]{{0,3}}[0-9OolI]{{1,5}}\)?{_GROUP}{{1,5}}(?![A-Za-z0-9])"
    rf"|[A-Z]{{1,4}}[ -][0-9]{{2,6}}(?![A-Za-z0-9])"
    rf"|{_PART}(?:(?:[-/._:\\]|- | -){_PART}){{0,8}}",
    re.ASCII,
)
_NUMBER = re.compile("[0-9][0-9OolI./ -]?[0-9OolI]|[OolI][0-9]")
_ACT = re.compile(r"[0-9]{1,4}/(?:19|20)?[0-9]{2,4}(?:/[A-Z]{2,4})?|(?:19|20)[0-9]{2}")  # 2016/679: an act, a year
_REACH = 64  # characters before a number in which its label begins
_FEWEST_DIGITS = {"photo": 2, "biometric": 2, "plate": 2, "code": 3, "licence": 3, "device": 3, "zip": 6}
# Bare words of everyday medical and legal language: as labels they need a number word or a sign behind them.
_NEED_A_SIGN = re.compile(
    r"(?:mr|unit|hospital|record|encounter|visit|patient|admission|chart|plan|group|lot|device|pacemaker|implant"
    r"|pump|stent"
    r"|monitor|generator|card|case|ref|reference|specimen|sample|order|study|file|request|claim|image|tag|registration"
    r"|certificate|permit|member|policy|insurance|ins|retinal?|iris|photos?|id|identity|ss|dl|har|te[l1]|call|mac"
    r"|employee"
    r"|student|matter|cause|vehicle|ticket|picture|portrait|plates?|medicare|medicaid|serial|billing|account"
    r"|matter|ph|tracking|contact|bar)",
    re.IGNORECASE,
)
_FEWEST_BARE = 5  # digits that a value needs where a label stands bare before it


def find(text: str) -> Iterator[Finding]:
    """Yield the values that stand behind a label."""
    chinese = bool(IDEOGRAPH.search(text))
    for start, end in _windows(text):
        for label in _ENGLISH_LABEL.finditer(text, start, end):
            bare = not label["marked"] and label["sign"].isspace()
            weak = bare and _NEED_A_SIGN.fullmatch(text, label.start(), label.start("marked"))
            yield from _value(text, label, _FEWEST_BARE if weak else 3)
        if chinese:
            for label in _CHINESE_LABEL.finditer(text, start, end):
                yield from _value(text, label, 3)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text in which a label may stand: those before something with two digits."""
    start = end = -1
    for match in _NUMBER.finditer(text):
        if match.start() - _REACH > end:
            if end >= 0:
                yield start, end
            start = max(0, match.start() - _REACH)
        end = match.end()
    if end >= 0:
        yield start, end


def _value(text: str, label: re.Match[str], fewest: int) -> Iterator[Finding]:
    kind: PrivacyKind = next(name for name in label.re.groupindex if name in _KINDS and label[name])
    value = _VALUE.match(text, label.end())
    if value is None:
        return
    count = sum(character.isdigit() for character in value.group())
    if not _ACT.fullmatch(value.group()) and count >= max(
        fewest if fewest == _FEWEST_BARE else 0, _FEWEST_DIGITS.get(kind, fewest)
    ):
        yield Finding(kind, *value.span(), holds(kind, value.group()))


_KINDS = frozenset(_ENGLISH) | frozenset(_CHINESE)
