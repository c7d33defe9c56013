import pytest

from streams.errors import WrongUseError
from streams.settings import Address
from streams.worker.api_tokens import auth_of

HERE = Address(host="127.0.0.1", port=1)


def test_a_token_may_stand_in_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    auth_of(HERE, {"TIDEGATE_OPERATE_TOKEN_FILE": str(file)})


@pytest.mark.parametrize(
    "environ", [{"TIDEGATE_VIEW_TOKEN": "short"}, {"TIDEGATE_OPERATE_TOKEN_FILE": "/nowhere"}], ids=["too short", "no file"]
)
def test_a_token_that_cannot_be_used_stops_the_start(environ):
    with pytest.raises(WrongUseError):
        auth_of(HERE, environ)
