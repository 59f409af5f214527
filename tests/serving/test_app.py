"""All of it together: every module's routes, refusals in our own words, no path with two spellings."""

from starlette.routing import Mount, Route

from r1tailor.serving.app import MODULES
from tests.support.serving import Harness


def test_every_module_offers_routes_and_no_path_is_offered_twice(harness: Harness) -> None:
    offered = [route for module in MODULES for route in module.routes(harness.context)]
    paths = [(route.path, *sorted(getattr(route, "methods", ()) or ())) for route in offered]
    assert len(paths) == len(set(paths))
    assert all(isinstance(route, Route | Mount) for route in offered)


def test_what_no_route_takes_is_refused_in_our_words(harness: Harness) -> None:
    got = harness.client.get("/v2/chat")
    assert (got.status_code, got.json()["error"]["message"]) == (404, "there is nothing at this path")
    got = harness.client.delete("/v1/models")
    assert (got.status_code, got.json()["error"]["message"]) == (405, "this path does not take DELETE")
    assert sorted(got.headers["allow"].split(", ")) == ["GET", "HEAD"]


def test_the_log_is_closed_with_the_application(harness: Harness) -> None:
    assert harness.ask().status_code == 200
    assert harness.context.audit.log._log >= 0
