"""Which paths every part takes as they are, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import EnvironmentProblem
from local.home import Home
from local.plain_paths import require_plain


@pytest.mark.parametrize("path", ["/a/b", "/Users/ana/.shopstream-2", "/x/a_b~c.d"])
def test_a_plain_path(path: str) -> None:
    require_plain(Path(path), "the folder", "NAME")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        pytest.param("/a b", "a space", id="a shell splits"),
        pytest.param("/a,b", ",", id="a list of folders"),
        pytest.param("/a:b", ":", id="a class path"),
        pytest.param("/a%20b", "%", id="an escaped URL"),
        pytest.param("/a+b@c=d", "+, =, @", id="what a URL escapes"),
        pytest.param("/a&b?c#d", "#, &, ?", id="several, each once"),
        pytest.param("/a\\b", "\\", id="an escape"),
        pytest.param("/a'b", "'", id="a quote"),
        pytest.param("/José", "é", id="a letter of another alphabet"),
        pytest.param("/a\nb", "\\n", id="a control character"),
    ],
)
def test_another_path_is_refused_by_what_it_holds(path: str, named: str) -> None:
    with pytest.raises(EnvironmentProblem, match="the folder") as refused:
        require_plain(Path(path), "the folder", "NAME")
    assert str(refused.value).endswith(f" holds {named}")


def test_a_state_folder_is_refused_before_it_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "José & Søn, 50% (1)")
    with pytest.raises(EnvironmentProblem, match=r"holds a space, %, &, \(, \), ,, é, ø"):
        home.require_fit()
    assert list(tmp_path.iterdir()) == []
