"""Credentials and customers never leave in a text."""

import html
import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.redaction import MASK, MAX_TEXT, Redactor, is_ordinary

SECRET = "hunter22-canary"
ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
secrets = st.text(ALPHANUMERIC, min_size=8, max_size=40).filter(lambda secret: not is_ordinary(secret))
ordinary = st.text(ALPHANUMERIC + ".-_ ", min_size=4, max_size=20).filter(is_ordinary)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "key",
    [
        "password", "Password", "user_password", "OMNITRON_PASSWORD", "passwd", "secret", "client_secret", "token",
        "pwd", "db_pwd", "pass", "PIN", "passphrase", "parola", "sifre", "private_key", "AccessKey", "session_id", "jwt",
        "access_token", "apiKey", "api_key", "api-key", "X-Api-Key", "Authorization", "Cookie", "Set-Cookie", "key",
        "credential", "email", "e_mail", "e-mail", "customer_email", "phone", "phone_number", "mobile", "gsm",
        "first_name", "last_name", "full_name", "surname", "tax_no", "tax_number", "identity_number", "tckn", "line",
        "address1", "remote_addr",
    ],
)  # fmt: skip
def test_a_field_is_masked_by_its_name(key: str):
    """In JSON, in a Python mapping's text, in a query string, in a header's mapping."""
    redactor = Redactor()
    for text in (
        json.dumps({key: SECRET}),
        json.dumps({"a": [{"b": {key: SECRET, "c": 1}}]}),
        json.dumps({key: SECRET}, separators=(",", ":")),
        repr({key: SECRET}),
        f"https://shop.example.com/?a=1&{urlencode({key: SECRET})}&b=2",
        f"{key}={SECRET}",
    ):
        assert SECRET not in redactor.text(text)
    assert redactor.value({"a": ({key: SECRET},)}) == {"a": [{key: MASK}]}


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: token {SECRET}",
        f"Authorization: Basic {SECRET}==",
        f"Authorization: {SECRET}",
        f"X-Api-Key: {SECRET}",
        f"Cookie: sessionid={SECRET}",
        f"Set-Cookie: sessionid={SECRET}; Path=/",
        f"password: {SECRET}",
        f"password = {SECRET}",
        f"pwd: {SECRET}",
    ],
)
def test_a_header_line_is_masked_by_its_name(text: str):
    """As a gateway's error page shows them."""
    assert SECRET not in Redactor().text(f"GET / HTTP/1.1\n{text}\nAccept: */*")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"password": "a\\"{SECRET}"}}',
        f'{{"password": "{SECRET}',
        f'{{"password" : "{SECRET}"}}',
        f'{{"password":\n"{SECRET}"}}',
        f'{{"tokens": ["{SECRET}"]}}',
        f'{{"tokens": ["x", "{SECRET}"]}}',
        f'{{"password": {{"raw": "{SECRET}"}}}}',
        json.dumps({"raw": json.dumps({"password": SECRET})}),
        json.dumps({"raw": json.dumps({"raw": json.dumps({"password": SECRET})})}),
    ],
)
def test_a_secret_field_is_masked_in_every_spelling_of_json(text: str):
    """Escaped, cut off, with a list or an object in it, inside of a text that is JSON itself."""
    assert SECRET not in Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        f"<password>{SECRET}</password>",
        f"<ns:Password type='text'>\n  {SECRET}\n</ns:Password>",
        f"<api-key><![CDATA[{SECRET}]]></api-key>",
        f"<tokens><token>a</token><x>{SECRET}</x></tokens>",
        f"&lt;password&gt;{SECRET}&lt;/password&gt;",
        f"<password>{SECRET}",
        f"<td>DB_PASSWORD</td>\n<td class='code'><pre>{SECRET}</pre></td>",
        f'<input type="text" name="password" value="{SECRET}">',
        f'<add key="api_key" value="{SECRET}"/>',
    ],
)
def test_a_secret_element_is_masked_by_its_name(text: str):
    """In XML, in XML that HTML shows, in a page's tables and forms."""
    assert SECRET not in Redactor().text(text)


@pytest.mark.parametrize("text", ["<password/><sku>A-1</sku>", "<sku>A-1</sku><email>x</email><name>A-1</name>"])
def test_the_elements_around_a_secret_one_are_kept(text: str):
    assert "A-1" in Redactor().text(text)


@pytest.mark.parametrize(
    "text",
    [
        f"tokens=['a', '{SECRET}'] b",
        f"passwords=(a, {SECRET})",
        f"token=SecretStr('{SECRET}')",
        f"password={{'a': '{SECRET}'}}",
        f'"passwords": ["a", "{SECRET}"]',
        f'"passwords": ["a]", "{SECRET}"]',
        f"{{'passwords': ('a)', '{SECRET}')}}",
        json.dumps(json.dumps({"tokens": ["a]", SECRET]})),
    ],
)
def test_a_list_of_secrets_is_masked_whole(text: str):
    """Brackets in its texts do not end it."""
    assert SECRET not in Redactor().text(text)


def test_what_follows_a_list_of_secrets_is_kept():
    text = json.dumps({"passwords": ["a]", SECRET], "sku": "A-1"})
    assert Redactor().text(text) == f'{{"passwords": "{MASK}", "sku": "A-1"}}'


@pytest.mark.parametrize(
    "text",
    [
        f"cannot log in with password: {SECRET}",
        f"cannot log in, client_secret = '{SECRET}'",
        f"config {{ api_key => {SECRET} }}",
        f"shop-cli --db-password {SECRET} --verbose",
        f"?next=%2Flogin%3Fuser%3Da%26token%3D{SECRET}%26x%3D1",
        f"at https://user:p@{SECRET}@shop.example.com/",
    ],
)
def test_a_secret_in_a_sentence_is_masked_by_its_name(text: str):
    assert SECRET not in Redactor().text(text)


def test_userinfo_in_an_address_is_masked():
    """And the address stays readable."""
    assert Redactor().text(f"at https://user:{SECRET}@shop.example.com/x") == f"at https://{MASK}@shop.example.com/x"


@pytest.mark.parametrize(
    "address", ["ayse@example.com", "AYSE.y+tag@mail.example.com.tr", "ayşe@örnek.com", "ayse%40example.com"]
)
def test_an_e_mail_address_is_masked(address: str):
    """Wherever it stands."""
    redacted = Redactor().text(f"customer <{address}> is unknown")
    assert address[:3] not in redacted and redacted.startswith("customer <") and redacted.endswith(" is unknown")


@pytest.mark.parametrize(
    "number",
    [
        "+905321234567", "+90 532 123 45 67", "+90 (532) 123 45 67", "+90-532-123-45-67", "0090 532 123 45 67",
        "05321234567", "0532 123 45 67", "0 532 123 45 67", "(0532) 123 45 67", "5321234567", "905321234567",
        "+1 415-555-2671", "+44 20 7946 0958",
    ],
)  # fmt: skip
def test_a_phone_number_is_masked(number: str):
    """As people write them."""
    redacted = Redactor().text(f"customer {number} is unknown")
    assert number[-9:] not in redacted and redacted.endswith(" is unknown")


@pytest.mark.parametrize(
    "text",
    [
        "8690000000017", "62.44", "2026-01-01T00:00:00.000000Z", "SKU-0001-XL", "order 1234567",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "1 200,00 TRY", "the key of the tokenizer", "keyboard: 3",
        "10 x 20 x 30", "unexpected token: }", "the password is wrong", "passed: 3, pinned: 4", "<line-through>", "<pass/>",
    ],
)  # fmt: skip
def test_what_people_need_is_left_alone(text: str):
    """Barcodes, prices, dates, skus, ids."""
    assert Redactor().text(text) == text


def test_a_learned_secret_is_masked_wherever_it_stands():
    """Also where no name tells it."""
    redactor = Redactor([SECRET])
    assert redactor.text(f"x{SECRET}y {SECRET}") == f"x{MASK}y {MASK}"
    assert redactor.value({"a": [f"={SECRET}"], "b": (SECRET,)}) == {"a": [f"={MASK}"], "b": [MASK]}


def test_a_secret_that_holds_another_one_is_masked_whole():
    """The longer goes first, no matter which was learnt first."""
    assert Redactor(["hunter22", "hunter22-and-more"]).text("hunter22-and-more") == MASK
    assert Redactor(["hunter22-and-more", "hunter22"]).text("hunter22-and-more") == MASK


def test_a_very_short_secret_is_not_learnt():
    """It would mask half of any text."""
    assert Redactor(["", "abc"]).text("abcabc") == "abcabc"


def test_a_short_secret_is_not_learnt_in_base64():
    """Without the characters that it shares with its neighbours, three would be left."""
    assert Redactor(["ab1d"]).text("YWIxZA and FiMW") == "YWIxZA and FiMW"


@pytest.mark.parametrize(
    "secret",
    ["shop", "Sandbox", "KITAP", "şekerci", "kitap-evi", "book.shop_tr", "1234", "1234567", "abcdefghijklmno"],
)
def test_an_ordinary_secret_is_masked_only_as_a_whole_value(secret: str):
    """A mask anywhere else would tell which word the password is."""
    assert is_ordinary(secret)
    redactor = Redactor([secret])
    text = (
        f"The {secret} at https://{secret}.example.com/{secret}/x, {secret}: see tasks.{secret}.orders and “{secret}”"
    )
    assert redactor.text(text) == text
    for shown in (
        f"a={secret}",
        f"a={secret}&b=1",
        f"a: {secret}, b",
        json.dumps({"a": secret, "b": [1, secret]}),
        json.dumps(json.dumps({"a": secret})),
        repr({"a": secret, "b": (secret,)}),
        f"https://user:{secret}@example.com",
    ):
        assert secret not in redactor.text(shown), shown
    assert redactor.value({"a": [secret], "b": f"the {secret}"}) == {"a": [MASK], "b": f"the {secret}"}


@pytest.mark.parametrize(
    "secret",
    ["p4ss", "a*b_c", "hunter2", "kJhGfDsAq", "abcdefghijklmnop", "correct-horse-battery", "12345678", "şifre-ğüç-1"],
)
def test_other_secrets_are_masked_wherever_they_stand(secret: str):
    assert not is_ordinary(secret)
    assert Redactor([secret]).text(f"x{secret}y") == f"x{MASK}y"


@given(ordinary, st.text(max_size=30))
def test_no_ordinary_secret_survives_as_a_value(secret: str, after: str):
    """Next to anything, and learnt together with its neighbour."""
    told = Redactor([secret, f"{secret}x"]).text(json.dumps({"a": secret, "b": after, "c": [secret]}))
    assert json.dumps(secret) not in told.replace(json.dumps(after), "")


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "token"])
def test_credentials_are_masked_by_their_scheme_without_a_header(scheme: str):
    """As a gateway quotes them in a sentence."""
    assert Redactor().text(f"Refused {scheme} {SECRET} here.") == f"Refused {scheme} {MASK} here."


@pytest.mark.parametrize("secret", ['pa"ss\\word-1', "şifre-ğüç-1", "pass word&1=2", "pass/word+1<2>", "pass / word"])
@pytest.mark.parametrize(
    "written",
    [
        lambda secret: secret,
        json.dumps,
        lambda secret: json.dumps(secret, ensure_ascii=False),
        lambda secret: json.dumps({"a": json.dumps(secret)}),
        repr,
        lambda secret: quote(secret, safe=""),
        quote,
        quote_plus,
        html.escape,
        lambda secret: b64encode(secret.encode()).decode().rstrip("="),
    ],
    ids=["plain", "json", "json utf-8", "json in json", "repr", "query", "path", "form", "html", "base64"],
)
def test_a_learned_secret_is_masked_however_it_is_written(secret: str, written: Any):
    """An answer that repeats the request writes it in its own way."""
    text = written(secret)
    assert text.strip("\"'") not in Redactor([secret]).text(f"refused: {text}.")


@pytest.mark.parametrize("user", ["", "a:", "ab:", "abc:"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("secret", [SECRET, "şifre-ğüç>>>???-1"])
def test_a_learned_secret_is_masked_in_base64_whatever_stands_around_it(
    user: str, encode: Callable[[bytes], bytes], secret: str
):
    """Basic authentication is base64 of `user:password`."""
    left = Redactor([secret]).text(encode(f"{user}{secret}\n".encode()).decode())
    assert MASK in left
    assert len(left) <= len(user) * 4 / 3 + len(MASK) + 8


def test_what_stands_under_the_name_of_a_credential_is_learnt():
    """A channel's conf holds a connector's own key."""
    redactor = Redactor()
    conf = {"shop": "kitap", "api_key": "key-canary-1", "auth": {"user": "ada99", "client_secret": "key-canary-2"}}
    redactor.learn_fields({**conf, "tokens": "no", "x": [{"access_token": ["key-canary-3"]}]})
    assert redactor.text("/key-canary-1/key-canary-2?key-canary-3") == f"/{MASK}/{MASK}?{MASK}"
    assert redactor.text("kitap, ada99") == "kitap, ada99"


def test_what_is_no_secret_under_such_a_name_is_not_learnt():
    """Switches, seconds and addresses: texts would lose what people look for."""
    redactor = Redactor()
    redactor.learn_fields(
        {"use_token": "true", "token_lifetime": "3600", "token_url": "https://shop.example.com/oauth"}
    )
    text = '"is_due": "true", "after": "3600": asked https://shop.example.com/oauth'
    assert redactor.text(text) == text


def test_a_learned_secret_is_masked_as_a_key_too():
    """`{"<token>": ["unknown"]}`."""
    assert SECRET not in str(Redactor([SECRET]).value({SECRET: 1, "a": {f"x{SECRET}": 2}}))


def test_a_learned_secret_of_digits_is_masked_as_a_number_too():
    """A PIN is a number in JSON."""
    assert "13572468" not in str(Redactor(["13572468"]).value({"detail": [13572468]}))


def test_an_ordinary_number_is_masked_as_a_whole_number_alone():
    assert Redactor(["4711"]).value([4711, 47110, 4711.5]) == [MASK, 47110, 4711.5]


def test_an_empty_secret_field_stays_empty():
    """That it was empty is what people look for."""
    assert Redactor().value({"password": "", "token": None}) == {"password": "", "token": None}


def test_control_characters_are_escaped():
    """A terminal does not obey a server."""
    redacted = Redactor().text("a\x00b\x1b[2Jc\rd\x7fe\x9bf\u2028g")
    assert not [sign for sign in redacted if sign in "\x00\x1b\r\x7f\x9b\u2028"]
    assert "a\\x00b\\x1b[2Jc\\x0dd" in redacted


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f"])
def test_marks_that_turn_the_direction_of_text_are_escaped(sign: str):
    """They make a line of a log read as another one."""
    assert sign not in Redactor().text(f"user{sign}gnp.exe")


@pytest.mark.parametrize("limit", [1, 10, 200, MAX_TEXT])
def test_a_text_is_cut_to_its_limit(limit: int):
    """And says that it was."""
    redacted = Redactor().text("." * 10 * limit, limit=limit)
    assert redacted.startswith("." * limit + "... (")
    assert len(redacted) <= limit + 40


def test_a_text_of_just_the_limit_is_not_cut():
    """Nor told to be."""
    assert Redactor().text("." * 200, limit=200) == "." * 200


@pytest.mark.parametrize("length", [40, 400])
@pytest.mark.parametrize("shift", range(0, 100, 10))
def test_what_is_cut_in_half_where_the_reading_ends_is_not_shown(length: int, shift: int):
    """Masks are shorter than what they hide: the end of what was read moves to where it would be shown."""
    secret = "S3cr" * (length // 4)
    text = Redactor([secret]).text("-" * shift + f"{secret} " * 100, limit=100)
    assert "S3cr" not in text


@pytest.mark.parametrize(
    ("secret", "known"),
    [("c4n4ryS3cr3tT0k3n", True), ("canary.name@example.com", False), ("+90 532 123 45 67", False)],
    ids=["secret", "e-mail", "phone"],
)
def test_what_is_cut_in_half_at_the_limit_is_not_shown(secret: str, known: bool):
    """Masking makes a text shorter, so what stood far behind the limit can move in front of it."""
    redactor = Redactor([secret] if known else [])
    half = secret[: len(secret) // 2]
    for limit in (20, 60, 200):
        for filler in range(limit * 2 + 2):
            for text in ("." * filler + " " + secret, (secret + " ") * 40 + "." * filler + " " + secret):
                assert half not in redactor.text(text, limit=limit)


@given(secrets, st.text(max_size=300), st.text(max_size=300), st.integers(1, 400))
def test_no_learned_secret_survives_in_a_text(secret: str, before: str, after: str, limit: int):
    """In any surroundings, and wherever the text is cut."""
    assert secret not in Redactor([secret]).text(before + secret + after, limit=limit)


@given(secrets, json_values, st.text(max_size=20), st.text(max_size=20))
def test_no_learned_secret_survives_in_a_value(secret: str, value: Any, before: str, after: str):
    """However deep."""
    text = before + secret + after
    redacted = Redactor([secret]).value({"a": [value, {"b": text, "c": [text, (text,)]}], "d": {"e": text}})
    assert secret not in repr(redacted)


@given(secrets, st.text(max_size=50), st.text(max_size=50))
def test_no_learned_secret_survives_in_json(secret: str, before: str, after: str):
    """As a body is quoted."""
    text = json.dumps({"a": before + secret + after, "password": before + secret, "b": [secret]})
    assert secret not in Redactor([secret]).text(text)


@given(st.text(), st.integers(0, 100))
def test_no_text_breaks_the_redactor(text: str, limit: int):
    """It stands in every error's way."""
    assert isinstance(Redactor(["secret"]).text(text, limit=limit), str)


@given(json_values)
def test_no_value_breaks_the_redactor(value: Any):
    """Nor does any JSON."""
    Redactor(["secret"]).value(value)


@given(st.text(alphabet=st.characters(codec=None)))
def test_no_lone_surrogate_breaks_the_redactor(text: str):
    """JSON can hold them."""
    Redactor(["secret"]).text(f"{text}\ud800")


@pytest.mark.parametrize(
    "piece",
    [
        "a", "a-", "token", "a.", "a@", "@", "://", '"', "'", "\\", '\\"', "\n", "> ", " ", "+90", "5321", "Bearer ",
        "%40", '"token": ', '"token": [', '"token": {"a": ', '\\"token\\": \\"x', "token=", "token: ", "a@b.", "ğ", "\u202e",
        "<password>", "<password ", "&lt;token&gt;", "token=[", "token=['", "token=['a", "--token ",
        "name='token' ", "<td>token</td>",
        "token%3D", "password: ", "://a@", "token=a(", '"token": ["', '"token": [\\', "%3D",
    ],
)  # fmt: skip
def test_no_text_takes_long(piece: str):
    """A server may repeat anything: masking takes linear time."""
    started = time.process_time()
    Redactor([SECRET]).text(piece * (200_000 // len(piece)), limit=200_000)
    assert time.process_time() - started < 1  # it takes a tenth of it; what is quadratic takes minutes


def test_what_a_validation_says_about_a_person_is_kept():
    """Plain values are masked by a person's name; a list holds reasons, and of a secret nothing is shown."""
    body = {"email": ["Enter a valid address."], "last_name": "Yılmaz", "password": ["hunter22"]}
    assert Redactor().value(body) == {"email": ["Enter a valid address."], "last_name": MASK, "password": MASK}


def test_a_line_is_one_line():
    """And its ends are trimmed before it is cut."""
    assert Redactor().line("\n a\tb\nc \n", limit=20) == "a\\x09b\\x0ac"


@pytest.mark.parametrize(
    "text", ["CustomerDto(email='Canary', title='Shirt')", 'Row(first_name="Canary O\'Neil", title=1)']
)
def test_an_object_as_python_prints_it_loses_the_person(text):
    """Errors of Python's and of connectors quote whole objects."""
    told = Redactor().text(text)
    assert "Canary" not in told
    assert "title=" in told


def test_halves_of_characters_are_escaped():
    """JSON can hold half an emoji; no log and no terminal can write it."""
    assert Redactor().text("a\ud83db") == r"a\xd83db"
