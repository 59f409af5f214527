"""What boilerplate says, as data: a line is removed when the whole of it is one of these, whatever the case.

A legal domain whose material *is* licences and notices leaves the rule ``remove_boilerplate`` out.
"""

import re

LONGEST_LINE = 240  # characters; a longer line is a paragraph with content of its own

_COOKIES = (
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies\b.*",
    r"by (?:continuing|using)\b.*\bcookies?\b.*",
    r"(?:accept|reject|manage)(?: all)? cookies|cookie (?:policy|settings|preferences|notice)",
    r"本(?:网站|站)使用.{0,20}cookie.*|接受(?:所有|全部)?\s*cookie.*",
)
_COPYRIGHT = (
    r"(?:copyright\s*)?©\s*(?:copyright\s*)?\d{4}.{0,120}",
    r"copyright\s+(?:\(c\)\s*)?(?:by\s+)?\d{4}.{0,120}",
    r"all rights reserved[.!]?",
    r"版权所有.{0,60}|(?:本(?:站|公司|刊))?保留(?:所有|一切)权利[。.]?",
    r"未经本(?:站|网|网站|刊|报|社|公司|公众号).{0,10}(?:许可|授权|同意).{0,10}(?:不得|禁止|严禁).{0,20}(?:转载|复制|传播|摘编).{0,30}",
    r"转载请注明(?:出处|来源).{0,30}",
)
_DISCLAIMERS = (
    r"disclaimer\s*:.*(?:information(?:al)? purposes|not (?:a substitute|constitute|intended)).*",
    r"(?:the information on this (?:site|page) is )?for (?:informational|educational) purposes only\.?",
    r"免责声明[:：]?",
    r"免责声明[:：].*(?:仅供参考|不代表.{0,20}(?:观点|立场)|不构成.{0,20}(?:建议|意见)).*",
    r"本(?:文|站|网站)(?:内容|信息)?.{0,20}仅供(?:参考|学习).{0,60}",
)
_NAVIGATION = (
    r"skip to (?:main )?content|back to top|share this (?:article|page)|sign up for our newsletter",
    r"返回(?:顶部|首页)|扫一扫.{0,20}关注.{0,20}|点击.{0,10}(?:关注|订阅).{0,20}|责任编辑[:：].{0,20}",
)

BOILERPLATE = re.compile("|".join((*_COOKIES, *_COPYRIGHT, *_DISCLAIMERS, *_NAVIGATION)), re.IGNORECASE)
