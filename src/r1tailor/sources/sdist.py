"""The source archive of a release, as pip finds it, without running anything of it.

``pip download`` runs the ``setup.py`` of a source archive to learn its dependencies (pip's issue 1884). So only pip's
finder and its session are used here: index, mirrors, proxies and certificates are those that pip is configured with.
"""

from contextlib import closing
from pathlib import Path

from r1tailor.errors import DataError, writing


def download_sdist(package: str, version: str, folder: Path) -> Path:
    """Download the source archive of one release to a folder; return its path.

    Raises:
        DataError: pip finds no such archive, or cannot get it.
    """
    from pip._internal.commands import create_command
    from pip._internal.exceptions import PipError
    from pip._vendor.packaging.specifiers import SpecifierSet
    from pip._vendor.requests import RequestException

    command = create_command("download")
    options, _ = command.parse_args(["--no-binary=:all:", "--quiet"])
    try:
        with command.main_context():
            session = command.get_default_session(options)
            finder = command._build_package_finder(options, session)
            found = finder.find_best_candidate(package, SpecifierSet(f"=={version}")).best_candidate
            if found is None:
                raise DataError(f"cannot download {package}=={version}: pip finds no source archive of it")
            url = found.link.url_without_fragment
            with closing(session.get(url, headers={"Accept-Encoding": "identity"})) as answer:
                answer.raise_for_status()
                content: bytes = answer.content
    except (PipError, RequestException, OSError) as error:
        raise DataError(f"cannot download {package}=={version}: {error}") from error
    archive = folder / Path(str(found.link.filename)).name
    with writing(archive):
        archive.write_bytes(content)
    return archive
