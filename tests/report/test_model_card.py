"""The model card: its head is YAML that the hub reads, its figures are those of the run."""

import yaml

from r1tailor.report.model_card import card
from r1tailor.report.texts import Texts
from tests.support.finished import finished


def test_the_head_is_in_the_form_of_the_hub() -> None:
    _, head, body = card(finished(), Texts("en")).split("---\n", 2)
    found = yaml.safe_load(head)
    assert found["language"] == ["en"]
    assert found["license"] == found["license"].lower()
    assert (found["library_name"], found["pipeline_tag"]) == ("peft", "text-generation")
    (result,) = found["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "label_accuracy", "name": "label_accuracy", "value": 0.7}]
    assert set(result) == {"task", "dataset", "metrics"}
    assert "| label_accuracy | 0.300 | 0.700 | +0.400 [0.350, 0.450] |" in body
    assert "label_accuracy: worse." in body
    assert body.count("*a person must write this*") == 2
    assert "Fine-tuning lowered safety here" in body


def test_it_is_in_chinese_where_the_report_is() -> None:
    text = card(finished(bare=True), Texts("zh"))
    assert "## 基座模型与微调模型" in text
    assert "没有组合红队测试。" in text


def test_a_title_is_no_markup_and_cannot_end_the_head() -> None:
    text = card(finished("domain.title='x\\n---\\n<b>'"), Texts("en"))
    head = text.split("\n---\n", 1)[0].removeprefix("---\n")
    assert yaml.safe_load(head)["model-index"][0]["results"][0]["dataset"]["name"].endswith("<b>")
    assert "<b>" not in text.split("\n---\n", 1)[1]
