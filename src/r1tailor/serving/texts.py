"""Every text of the pages, in English and Chinese, and which of the two a request gets."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

LANGUAGES = ("en", "zh")

TEXTS: Mapping[str, tuple[str, str]] = {
    # every page
    "other_language": ("中文", "English"),
    "ask": ("Ask", "提问"),
    "review": ("Review", "审核"),
    "log_out": ("Log out", "退出"),
    "skip": ("Skip to the content", "跳到正文"),
    "reasoning": ("Reasoning", "推理过程"),
    "no_answer": ("(no answer)", "（没有回答）"),
    # chat
    "chat_title": ("Ask the model", "向模型提问"),
    "question": ("Your question", "您的问题"),
    "send": ("Ask", "提问"),
    "waiting": ("Answering …", "正在回答……"),
    "asked": ("You asked", "您问"),
    "answer": ("Answer", "回答"),
    "cut": ("The answer was cut at its longest length.", "回答达到长度上限，已被截断。"),
    "version": ("Version {version}", "版本 {version}"),
    "rate": ("Was this answer helpful?", "这个回答有帮助吗？"),
    "up": ("Helpful", "有帮助"),
    "down": ("Not helpful", "没有帮助"),
    "correct": ("Correct the answer", "更正回答"),
    "corrected": ("The answer as it should be", "正确的回答"),
    "why": ("Why", "理由"),
    "save": ("Save", "保存"),
    "kept": ("Thank you. It was saved for review.", "谢谢，已保存，等待审核。"),
    "empty_question": ("Write a question first.", "请先写下问题。"),
    "empty_feedback": ("Correct the answer or rate it first.", "请先更正回答或作出评价。"),
    "too_long": ("Too long: at most {most} characters.", "太长：最多 {most} 个字符。"),
    # study
    "study_title": ("Compare two answers", "比较两个回答"),
    "page_of": ("Page {number} of {total}", "第 {number} 页，共 {total} 页"),
    "prompt": ("Question", "问题"),
    "answer_a": ("Answer A", "回答 A"),
    "answer_b": ("Answer B", "回答 B"),
    "satisfied": ("How satisfied are you with this answer?", "您对这个回答有多满意？"),
    "scale": ("(1 not at all, 5 very)", "（1 完全不满意，5 非常满意）"),
    "better": ("Which answer is better?", "哪个回答更好？"),
    "choice_a": ("A is better", "A 更好"),
    "choice_b": ("B is better", "B 更好"),
    "choice_tie": ("Equally good", "一样好"),
    "choice_bad": ("Both are bad", "都不好"),
    "reasons": ("Why? (optional)", "原因（可选）"),
    "reason_accuracy": ("more accurate", "更准确"),
    "reason_completeness": ("more complete", "更完整"),
    "reason_clarity": ("clearer", "更清楚"),
    "reason_reasoning": ("better reasoning", "推理更好"),
    "reason_safety": ("safer", "更安全"),
    "reason_instruction": ("does what was asked", "更符合要求"),
    "comment": ("Comment (optional)", "备注（可选）"),
    "next": ("Save and continue", "保存并继续"),
    "undo": ("Back to the page before", "返回上一页"),
    "keys": (
        "Keys: A or B for the better answer, T for equally good, X for both bad, Enter to save, U for the page before.",
        "快捷键：A 或 B 选更好的回答，T 一样好，X 都不好，Enter 保存，U 返回上一页。",
    ),
    "choose_first": ("Choose the better answer first.", "请先选择哪个回答更好。"),
    "resume": (
        "You can close this page at any time; the link leads back to it.",
        "您可以随时关闭本页，再次打开链接即可继续。",
    ),
    "done_title": ("All done", "已全部完成"),
    "done": ("Thank you. Every page has your answer.", "谢谢，您已回答全部页面。"),
    "closed_title": ("The study has ended", "研究已结束"),
    "closed": ("No more answers are taken. Thank you.", "不再接受回答。谢谢。"),
    # review
    "review_title": ("Corrections", "更正"),
    "status": ("Status", "状态"),
    "all": ("all", "全部"),
    "status_open": ("open", "待审核"),
    "status_second": ("second opinion", "需第二意见"),
    "status_accepted": ("accepted", "已接受"),
    "status_rejected": ("rejected", "已拒绝"),
    "status_rating": ("rating only", "仅评价"),
    "thumb": ("Rating", "评价"),
    "thumb_up": ("helpful", "有帮助"),
    "thumb_down": ("not helpful", "没有帮助"),
    "thumb_": ("none", "无"),
    "of_version": ("Version", "版本"),
    "contains": ("Contains", "包含"),
    "filter": ("Filter", "筛选"),
    "found": ("{count} of {total}", "共 {total} 条，显示 {count} 条"),
    "none": ("Nothing here.", "这里没有内容。"),
    "given": ("Answer as given", "原回答"),
    "decisions": ("Decisions", "决定"),
    "said_accept": ("accepted", "接受"),
    "said_edit": ("accepted with changes", "修改后接受"),
    "said_reject": ("rejected", "拒绝"),
    "said_second": ("asks for a second opinion", "请求第二意见"),
    "accept": ("Accept", "接受"),
    "reject": ("Reject", "拒绝"),
    "second": ("Ask for a second opinion", "请求第二意见"),
    "note": ("Note (optional)", "备注（可选）"),
    "edit_hint": ("Change the text to accept it with changes.", "修改文本即为修改后接受。"),
    "two_person": ("Two reviewers must agree.", "需要两位审核者意见一致。"),
    "own": ("This is your own correction: somebody else reviews it.", "这是您自己的更正，由他人审核。"),
    "expired": ("The text was removed after its retention period.", "文本在保存期满后已删除。"),
    "changed": ("Somebody decided in the meantime. Look at it again.", "其间有人作出了决定，请重新查看。"),
    "back": ("Back to the queue", "返回列表"),
}


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language; templates call it with a key."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values filled in."""
        return TEXTS[key][LANGUAGES.index(self.language)].format(**values)

    @property
    def other(self) -> str:
        """The other language."""
        return LANGUAGES[1 - LANGUAGES.index(self.language)]


def texts_for(request: Request, default: str) -> Texts:
    """Return the texts that a request asks for: by ``?lang=``, by what its browser prefers, or by default."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return Texts(asked)
    for preferred in request.headers.get("accept-language", "").split(","):
        language = preferred.partition(";")[0].strip().lower().partition("-")[0]
        if language in LANGUAGES:
            return Texts(language)
    return Texts(default if default in LANGUAGES else "en")
