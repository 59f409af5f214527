"""What differs from the composition that ships."""

from r1tailor import config
from r1tailor.report.composed import changed


def test_only_what_was_changed_is_listed() -> None:
    against, found = changed(config.load(["domain=legal", "trainer.max_steps=7"], "config"))
    assert against == "config domain=legal"
    assert [(key, here) for key, _, here in found] == [("trainer.max_steps", "7")]
    assert changed(config.load([], "config"))[1] == []


def test_a_domain_without_a_file_is_compared_without_its_section() -> None:
    settings = config.load(["trainer.max_steps=7"], "config")
    own = settings.model_copy(update={"domain": settings.domain.model_copy(update={"name": "my_own"})})
    against, found = changed(own)
    assert against == "config"
    assert [key for key, _, _ in found] == ["trainer.max_steps"]
