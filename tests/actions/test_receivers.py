import pytest

from actions.policy.receivers import check_url


@pytest.mark.parametrize(
    "url",
    [
        "https://events.pagerduty.com/v2/enqueue",
        "https://10.1.2.3:8443/hook?team=a",
        "https://[fd00::1]/hook",
        "https://gateway.internal/",
    ],
)
def test_https_may_go_anywhere_but_to_loopback(url):
    check_url(url, allow_insecure=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.internal/",
        "https://localhost/",
        "https://localhost./",
        "https://a.localhost/",
        "https://127.8.9.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
    ],
)
def test_plain_http_and_loopback_need_a_word_in_the_policy(url):
    check_url(url, allow_insecure=True)
    with pytest.raises(ValueError, match="needs allow_insecure"):
        check_url(url, allow_insecure=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://me@example.com/",
        "https://me:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com\\@evil.example/",
        "https://example.com/\n",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://224.0.0.1/",
        "https://[::1/",
    ],
)
def test_what_is_no_honest_address_is_refused_whatever_the_policy_says(url):
    with pytest.raises(ValueError, match="url"):
        check_url(url, allow_insecure=True)
