"""Requests byte by byte, by name: what is sent, and the status that is answered (None: the server
hangs up). Data for test_raw_requests.py."""

PATH = b"/accounts/abc123/deposit"
POST = b"POST " + PATH + b" HTTP/1.1\r\nHost: localhost\r\n"
JSON = POST + b"Content-Type: application/json\r\n"
BODY = b'{"amount": 125}'
KEY = b"4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
SIZED = b"Content-Length: 15\r\n\r\n" + BODY
GOOD = JSON + SIZED
FORM = b"application/x-www-form-urlencoded"
TOKEN = b"csrfmiddlewaretoken=" + b"a" * 32
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"


def get(target: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: localhost", *headers, b"", b""])


def to(target: bytes) -> bytes:
    """The good command, sent to another address."""
    return GOOD.replace(PATH, target)


def account(written: bytes) -> bytes:
    """The good command, for an account written like this in the address."""
    return to(b"/accounts/" + written + b"/deposit")


def having(*headers: bytes) -> bytes:
    """The good command, with these headers more."""
    return JSON + b"".join(header + b"\r\n" for header in headers) + SIZED


def typed(content_type: bytes) -> bytes:
    return POST + b"Content-Type: " + content_type + b"\r\n" + SIZED


def lengths(*written: bytes) -> bytes:
    """The good command, with other lengths."""
    return JSON + b"".join(b"Content-Length: " + one + b"\r\n" for one in written) + b"\r\n" + BODY


def body(content: bytes) -> bytes:
    return JSON + b"Content-Length: %d\r\n\r\n" % len(content) + content


def part(parameters: bytes) -> bytes:
    """A form with a CSRF cookie and no token, of one part."""
    form = b"--x\r\nContent-Disposition: form-data; " + parameters + b"\r\n\r\n5\r\n--x--\r\n"
    head = (
        POST
        + b"Cookie: csrftoken="
        + b"a" * 32
        + b"\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    )
    return head + b"Content-Length: %d\r\n\r\n" % len(form) + form


def login(fields: bytes, content_type: bytes = FORM, page: bytes = b"/login") -> bytes:
    """A form with a CSRF cookie, and with its token where the fields have it."""
    head = (
        b"POST " + page + b" HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nCookie: csrftoken="
    )
    head += b"a" * 32 + b"\r\nContent-Type: " + content_type
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(fields) + fields


REFUSED = {
    # Protocols that are not ours.
    "nothing": (b"", None),
    "empty lines": (b"\r\n\r\n\r\n", 400),
    "empty lines before": (b"\r\n\r\n" + GOOD, 400),
    "HTTP/0.9": (b"GET /accounts\r\n", 400),
    "HTTP/0.9 with a version": (GOOD.replace(b"HTTP/1.1", b"HTTP/0.9"), 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2 by name": (GOOD.replace(b"HTTP/1.1", b"HTTP/2"), 400),
    "protocol in small letters": (GOOD.replace(b"HTTP/1.1", b"http/1.1"), 400),
    "no protocol": (GOOD.replace(b" HTTP/1.1", b""), 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), None),
    "random bytes": (bytes(range(256)), 400),
    "half a first line": (GOOD[:20], None),
    "half the headers": (GOOD[:90], None),
    "headers without an end": (JSON, None),
    # Methods.
    "method in small letters": (GOOD.replace(b"POST", b"post", 1), 400),
    "method with NUL": (GOOD.replace(b"POST", b"PO\0ST", 1), 400),
    "method of 4,000 letters": (GOOD.replace(b"POST", b"P" * 4000, 1), 400),
    "TRACE": (GOOD.replace(b"POST", b"TRACE", 1), 405),
    "CONNECT": (GOOD.replace(b"POST " + PATH, b"CONNECT localhost:80"), 404),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "method overridden by a header": (
        get(PATH, b"X-HTTP-Method-Override: POST", b"Content-Type: application/json"),
        405,
    ),
    # Addresses.
    "target without a slash": (to(PATH[1:]), 400),
    "target with two slashes": (to(b"/" + PATH), 404),
    "target with a space": (account(b"a b"), 400),
    "target with a tab": (account(b"a\tb"), 400),
    "target with NUL": (account(b"a\0b"), 400),
    "target with a control byte": (account(b"a\x01b"), 400),
    "target with DEL": (account(b"a\x7fb"), 400),
    "target with a bare CR": (account(b"a\rb"), 400),
    "target with a bare LF": (account(b"a\nb"), 400),
    "target with raw UTF-8": (account("é".encode()), 400),
    "target with raw latin-1": (account(b"\xe9"), 400),
    "target that cuts UTF-8 off": (account(b"a%C3"), 400),
    "target with latin-1": (account(b"%E9"), 400),
    "target with overlong UTF-8": (account(b"%C0%AF"), 400),
    "target with overlong UTF-8 in three bytes": (account(b"%E0%80%AF"), 400),
    "target with an overlong NUL": (account(b"%C0%80"), 400),
    "target behind the last character": (account(b"%F4%90%80%80"), 400),
    "target with half of a surrogate pair": (account(b"%ED%B0%80"), 400),
    "target with a lone percent sign": (account(b"100%"), 400),
    "target with bad hexadecimals": (account(b"%zz"), 400),
    "target in %u": (account(b"%u0041"), 400),
    "target encoded twice": (account(b"%2541"), 400),
    "target with dot segments": (account(b"abc123/../abc123"), 404),
    "target with encoded dot segments": (account(b"abc123%2F..%2Fabc123"), 404),
    "target of 4,095 bytes": (account(b"a" * 4036), 400),
    "query of 5,000 bytes": (to(PATH + b"?" + b"a" * 5000), 414),
    "static file above": (get(b"/static/../settings/base.py"), 404),
    "static file above, encoded": (get(b"/static/%2e%2e/settings/base.py"), 404),
    "static file with NUL": (get(b"/static/%00"), 404),
    "static file with a long name": (get(b"/static/" + b"a" * 4000), 404),
    "static file with bad UTF-8": (get(b"/static/%ff"), 404),
    "admin with NUL": (get(b"/admin/%00"), 401),
    # Queries.
    "1,001 fields": (get(b"/login?" + b"&a" * 1001), 400),
    # Headers.
    "two Hosts": (having(b"Host: localhost"), 400),
    "two Hosts that differ": (having(b"Host: example.com"), 400),
    "Host of another server": (GOOD.replace(b"localhost", b"example.com"), 400),
    "empty Host": (GOOD.replace(b"localhost", b""), 400),
    "Host with NUL": (GOOD.replace(b"localhost", b"local\0host"), 400),
    "Host with a path": (GOOD.replace(b"localhost", b"localhost/admin"), 400),
    "Host with a space": (GOOD.replace(b"localhost", b"local host"), 400),
    "Host with a user": (GOOD.replace(b"localhost", b"user@localhost"), 400),
    "Host with a bad port": (GOOD.replace(b"localhost", b"localhost:x"), 400),
    "Host in latin-1": (GOOD.replace(b"localhost", b"l\xf6calhost"), 400),
    "lines that end with LF": (GOOD.replace(b"\r\n", b"\n"), 400),
    "lines that end with CR": (GOOD.replace(b"\r\n", b"\r"), None),
    "header with a bare CR": (having(b"X-Note: a\rb"), 400),
    "header with a bare LF": (having(b"X-Note: a\nb: c"), 400),
    "header with NUL": (having(b"X-Note: a\0b"), 400),
    "header with a control byte": (having(b"X-Note: a\x01b"), 400),
    "header with a space before the colon": (having(b"X-Note : a"), 400),
    "header that begins with a space": (having(b" X-Note: a"), 400),
    "header on two lines": (having(b"X-Note: a\r\n b"), 400),
    "header without a colon": (having(b"X-Note"), 400),
    "header without a name": (having(b": a"), 400),
    "header name with NUL": (having(b"X-\0Note: a"), 400),
    "header name in latin-1": (having(b"X-N\xf6te: a"), 400),
    "header name with brackets": (having(b"X(Note): a"), 400),
    "header of 5,000 bytes": (having(b"X-Note: " + b"a" * 5000), 431),
    "header name of 5,000 bytes": (having(b"X" * 5000 + b": a"), 431),
    "51 headers": (having(*[b"X-Note: a"] * 48), 431),
    "200 headers": (having(*[b"X-Note: a"] * 200), 431),
    "expectation nobody knows": (having(b"Expect: 200-ok"), 417),
    "schemes that differ": (having(b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"), 400),
    # Content types.
    "two Content-Types": (having(b"Content-Type: application/json"), 400),
    "Content-Type empty": (typed(b""), 415),
    "Content-Type with a comma": (typed(b"application/json,"), 415),
    "Content-Type with NUL": (typed(b"application/json\0"), 400),
    "Content-Type in latin-1": (typed(b"application/js\xf6n"), 415),
    "Content-Type with a space within": (typed(b"application / json"), 415),
    "charset without a hyphen": (typed(b"application/json; charset=utf8"), 415),
    "charset UTF-16": (typed(b"application/json; charset=utf-16"), 415),
    "charset UTF-7": (typed(b"application/json; charset=utf-7"), 415),
    "charset nobody knows": (typed(b"application/json; charset=nonsense"), 415),
    "charset empty": (typed(b"application/json; charset="), 415),
    "charset in an encoding nobody knows": (typed(b"application/json; charset*=nonsense''x"), 415),
    "charset with NUL, encoded": (typed(b"application/json; charset*=utf-8''%00"), 415),
    "charset twice": (typed(b"application/json; charset=utf-8; charset=utf-16"), 415),
    "form in another charset": (typed(b"application/x-www-form-urlencoded; charset=ibm037"), 415),
    "form with a boundary in latin-1": (typed(b"multipart/form-data; boundary=\xf6"), 403),
    "form with a boundary of 300": (typed(b"multipart/form-data; boundary=" + b"x" * 300), 403),
    "form with parts in an encoding nobody knows": (part(b"name*=nonsense''amount"), 403),
    "form with a file named above": (part(b'name=amount; filename="../x"'), 403),
    # Ids.
    "two Idempotency-Keys": (having(*[b"Idempotency-Key: " + KEY] * 2), 400),
    "Idempotency-Key in latin-1": (having(b"Idempotency-Key: \xe9"), 400),
    "Idempotency-Key empty": (having(b"Idempotency-Key:"), 400),
    # What the sender would rather read.
    "Accept empty": (having(b"Accept:"), 406),
    "Accept in latin-1": (having(b"Accept: \xe9"), 406),
    "Accept of 1,000 kinds": (having(b"Accept: " + b"a/b," * 1000), 406),
    # Lengths.
    "no length": (lengths(), 400),
    "length empty": (lengths(b""), 400),
    "length 0": (lengths(b"0"), 400),
    "length of a byte less": (lengths(b"14"), 400),
    "length of a byte more": (lengths(b"16"), 400),
    "length with a plus": (lengths(b"+15"), 400),
    "length below 0": (lengths(b"-15"), 400),
    "length with a fraction": (lengths(b"15.0"), 400),
    "length in hexadecimals": (lengths(b"0xf"), 400),
    "length with an underscore": (lengths(b"1_5"), 400),
    "length in other digits": (lengths("\uff11\uff15".encode()), 400),
    "length in superscript": (lengths(b"\xb2"), 400),
    "length in a list": (lengths(b"15, 15"), 400),
    "length of 3,000 digits": (lengths(b"9" * 3000), 413),
    "length above 64 bits": (lengths(b"18446744073709551631"), 413),
    "two lengths": (lengths(b"15", b"15"), 400),
    "two lengths that differ": (lengths(b"15", b"2"), 400),
    "length by underscore": (JSON + b"Content_Length: 15\r\n\r\n" + BODY, 400),
    "length and chunks": (
        JSON
        + b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n"
        + BODY
        + b"\r\n0\r\n\r\n",
        400,
    ),
    "too large, with a command within": (body(GOOD.ljust(20_000)), 413),
    "larger than said, by far": (lengths(b"100000000"), 413),
    # Chunks.
    "chunks": (CHUNKED + b"f\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunks, and nothing more": (CHUNKED, 411),
    "chunk size that is no number": (CHUNKED + b"g\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk size below 0": (CHUNKED + b"-f\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk size with 0x": (CHUNKED + b"0xf\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk size above 64 bits": (CHUNKED + b"f" * 17 + b"\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk size empty": (CHUNKED + b"\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk longer than its size": (CHUNKED + b"2\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk shorter than its size": (CHUNKED + b"ff\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunk with an extension": (CHUNKED + b"f;note=1\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
    "chunks that end with LF": (CHUNKED + b"f\n" + BODY + b"\n0\n\n", 411),
    "chunks without an end": (CHUNKED + b"f\r\n" + BODY + b"\r\n", 411),
    "chunks with a trailer": (
        CHUNKED + b"f\r\n" + BODY + b"\r\n0\r\nContent-Length: 15\r\n\r\n",
        411,
    ),
    "chunks that hold a command": (CHUNKED + b"%x\r\n" % len(GOOD) + GOOD + b"\r\n0\r\n\r\n", 411),
    "chunk of a bad size, then a command": (CHUNKED + b"zz\r\n" + GOOD, 411),
    "chunks, then a command as a trailer": (CHUNKED + b"0\r\n" + GOOD, 411),
    "chunk longer than its size, by a command": (CHUNKED + b"2\r\n" + GOOD, 411),
    # RFC 9112, 6.1, has 501 for this: the only answer above 500.
    "encoded in a way nobody knows": (having(b"Transfer-Encoding: xchunked"), 501),
    "encoded and not chunked": (having(b"Transfer-Encoding: gzip"), 400),
    "encoded as identity": (having(b"Transfer-Encoding: identity"), 400),
    "chunked twice": (having(b"Transfer-Encoding: chunked, chunked"), 400),
    "chunked before the last": (having(b"Transfer-Encoding: chunked, gzip"), 400),
    "chunked with a tab": (having(b"Transfer-Encoding:\tchunked"), 400),
    "chunked with a vertical tab": (having(b"Transfer-Encoding: \x0bchunked"), 400),
    "chunked by underscore": (
        JSON + b"Transfer_Encoding: chunked\r\n\r\nf\r\n" + BODY + b"\r\n0\r\n\r\n",
        400,
    ),
    "chunked in HTTP/1.0": (
        CHUNKED.replace(b"/1.1", b"/1.0") + b"f\r\n" + BODY + b"\r\n0\r\n\r\n",
        400,
    ),
    # Logins: the form again (200), for people and for the admin.
    "login": (login(TOKEN + b"&username=a&password=b"), 200),
    "login with a name of 256 letters": (login(TOKEN + b"&password=b&username=" + b"a" * 256), 200),
    "login at the admin with a name of 256 letters": (
        login(TOKEN + b"&password=b&username=" + b"a" * 256, page=b"/admin/login/"),
        200,
    ),
    "login with a name of 16,000 letters": (
        login(TOKEN + b"&password=b&username=" + b"a" * 16_000),
        200,
    ),
    "login with a body too large": (login(TOKEN + b"&username=" + b"a" * 16_384), 413),
    "login with NUL": (login(TOKEN + b"&username=a%00b&password=b"), 200),
    "login at the admin with NUL": (
        login(TOKEN + b"&username=a%00b&password=b", page=b"/admin/login/"),
        200,
    ),
    "login with NUL in the password": (login(TOKEN + b"&username=a&password=%00"), 200),
    "login with NUL in the query": (
        login(TOKEN + b"&username=a&password=b", page=b"/login?%00=%00"),
        200,
    ),
    "login with control characters": (login(TOKEN + b"&username=%01%0a%1b&password=b"), 200),
    "login in latin-1": (login(TOKEN + b"&username=%e9&password=%ff"), 200),
    "login with half of a surrogate pair": (login(TOKEN + b"&username=%ed%b0%80&password=b"), 200),
    "login in another charset": (login(TOKEN, FORM + b"; charset=utf-16"), 415),
    "login in an encoding nobody knows": (login(TOKEN, FORM + b"; charset=nonsense"), 415),
    "login without a token": (login(b"username=a&password=b"), 403),
    "login at the admin without a token": (
        login(b"username=a&password=b", page=b"/admin/login/"),
        403,
    ),
    "login with a token that is too short": (login(b"csrfmiddlewaretoken=a&username=a"), 403),
    "login with a token in latin-1": (login(b"csrfmiddlewaretoken=%e9&username=a"), 403),
    "login with nothing": (login(TOKEN), 200),
    "login as JSON": (login(b'{"username": "a"}', b"application/json"), 400),
    "login with 2,000 fields": (login(TOKEN + b"&a" * 2000), 422),
    # Keys that are not known, whatever they hold.
    "body with 1,000 keys": (
        body(b'{"amount": 5' + b"".join(b', "%d": 0' % n for n in range(1000)) + b"}"),
        400,
    ),
    "body nested deeply": (body(b'{"amount": 5, "note": ' + b"[" * 400 + b"]" * 400 + b"}"), 400),
    "number of 4,300 digits elsewhere": (
        body(b'{"amount": 5, "note": ' + b"1" * 4300 + b"}"),
        400,
    ),
    "keys of Python and JavaScript": (
        body(b'{"__proto__": {"amount": 7}, "__class__": 1, "amount": 5}'),
        400,
    ),
    "NUL in a note": (body(b'{"amount": 5, "note": "\\u0000"}'), 400),
    # The open mode is for this machine: what came through a proxy may be from anywhere.
    "forwarded": (having(b"X-Forwarded-For: nonsense", b"Forwarded: for=unknown"), 401),
    # Bodies.
    "half a body": (JSON + SIZED[:-5], 400),
    "body packed": (having(b"Content-Encoding: gzip"), 415),
    "body in UTF-7": (body(b"+AHsAIg-amount+ACI-: 5}"), 400),
    "body with a form feed": (body(b'{"amount":\x0c5}'), 400),
    "body with a space of another kind": (body('{"amount":\u00a05}'.encode()), 400),
    "key with NUL": (body(b'{"amount\\u0000": 5}'), 400),
    "key in capitals": (body(b'{"QUANTITY": 5}'), 400),
    "surrogates in the wrong order": (body(b'{"amount": 5, "note": "\\udc00\\ud800"}'), 400),
    "number with an endless exponent": (body(b'{"amount": 1e999999999}'), 400),
    "number that is all but nothing": (body(b'{"amount": 1e-400}'), 400),
    "number of 4,301 digits": (body(b'{"amount": 5, "note": ' + b"1" * 4301 + b"}"), 400),
    "number too large elsewhere": (body(b'{"amount": 5, "note": 1e400}'), 400),
    "16,000 lists, open": (body(b"[" * 16_000), 400),
    "16,000 objects, open": (body(b'{"":' * 4_000), 400),
    "body that is one string": (body(b'"' + b"a" * 16_000 + b'"'), 400),
    "JSON lines": (body(b'{"amount": 125}\n{"amount": 125}'), 400),
}

# Unusual, but right: done, and exactly once.
ACCEPTED = {
    # Less strict than RFC 9112: gunicorn looks at the Host header alone, takes its own address
    # where there is none (which ALLOWED_HOSTS has to know), and drops fragments.
    "target of another server": to(b"http://example.com" + PATH),
    "target with a user": to(b"http://user:password@localhost" + PATH),
    "target with a fragment": to(PATH + b"#fragment"),
    "no Host": GOOD.replace(b"Host: localhost\r\n", b""),
    "HTTP/1.2": GOOD.replace(b"HTTP/1.1", b"HTTP/1.2"),
    "HTTP/1.0": GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "target with our name": to(b"http://localhost" + PATH),
    "target with all of it encoded": account(b"%61%62%63%31%32%33"),
    "target with a part of it encoded in small letters": to(PATH.replace(b"o", b"%6f")),
    "target with a query": to(PATH + b"?amount=7&%00=%ff&;&&=#"),
    "target with 999 fields": to(PATH + b"?" + b"&a" * 999),
    "target of 4,094 bytes": to(PATH + b"?" + b"a" * (4094 - len(PATH) - 17)),
    "header names in capitals": GOOD.replace(b"Content-Type", b"CONTENT-TYPE"),
    "header names in small letters": GOOD.replace(b"Content-L", b"content-l"),
    "header without a space": GOOD.replace(b"Type: ", b"Type:"),
    "header with tabs around": GOOD.replace(b": application/json", b":\tapplication/json\t"),
    "header in latin-1": having(b"X-Note: \xe9"),
    "header by underscore, which is dropped": having(b"Idempotency_Key: nonsense"),
    "50 headers": having(*[b"X-Note: a"] * 47),
    "header of 4,000 bytes": having(b"X-Note: " + b"a" * 4000),
    "headers of 100,000 bytes": having(*[b"X-Note: " + b"a" * 4000] * 25),
    "cookies that are none": having(b"Cookie: sessionid=\xff; csrftoken; =;;messages=[[,a;\x80"),
    "session nobody knows": having(b"Cookie: sessionid=" + b"a" * 4000),
    "other methods by header": having(b"X-HTTP-Method-Override: DELETE"),
    "page of another site": having(b"Origin: https://example.com", b"Referer: nonsense"),
    "wish to upgrade": having(b"Connection: Upgrade", b"Upgrade: h2c", b"HTTP2-Settings: AA"),
    "wish to upgrade to a websocket": having(b"Connection: Upgrade", b"Upgrade: websocket"),
    "asked before the body": having(b"Expect: 100-continue"),
    "range": having(b"Range: bytes=0-0"),
    "condition": having(b"If-Match: x", b"If-Modified-Since: nonsense"),
    "another script name": having(b"SCRIPT_NAME: /elsewhere"),
    "another path": having(b"PATH_INFO: /elsewhere"),
    "quality below 0": having(b"Accept: application/json;q=-1"),
    "quality that is no number": having(b"Accept: application/json;q=nan"),
    "quality too large": having(b"Accept: application/json;q=1e400"),
    "Accept twice": having(b"Accept: image/png", b"Accept: application/json"),
    "quality in an encoding nobody knows": having(b"Accept: application/json;q*=nonsense''1"),
    "title in an encoding nobody knows": typed(b"application/json; title*=nonsense''x"),
    "charset in parts": typed(b"application/json; charset*0*=nonsense''x; charset*1=y"),
    "Content-Type in capitals": typed(b"APPLICATION/JSON"),
    "Content-Type with a semicolon": typed(b"application/json;"),
    "Content-Type with a space before the semicolon": typed(b"application/json ; charset=utf-8"),
    "Content-Type with a boundary": typed(b"application/json; boundary=x"),
    "charset in quotes and capitals": typed(b'application/json; CHARSET="UTF-8"'),
    "Content-Encoding in capitals": having(b"Content-Encoding: IDENTITY"),
    "length with zeros": lengths(b"0015"),
    "length with spaces": lengths(b"  15  "),
    "body with spaces around": body(b'\r\n\t {"amount"\n:\t125 } \n'),
    "body as large as allowed": body(BODY.ljust(16_384)),
    "body with an escaped key": body(b'{"\\u0061mount": 125}'),
    "more bytes than said": GOOD + b"more",
    "followed by a request that is none": GOOD + b"\0\r\n\r\n",
    "followed by a request for a list": GOOD + get(b"/accounts"),
}
