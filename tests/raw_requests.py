"""Requests byte by byte, by name: what is sent, and the statuses that are answered until the server
closes the connection. Data for test_raw_requests.py."""

PATH = b"/warehouse/products/abc123/increase_quantity"
POST = b"POST " + PATH + b" HTTP/1.1\r\nHost: localhost\r\n"
JSON = POST + b"Content-Type: application/json\r\n"
BODY = b'{"quantity": 5}'
SIZED = b"Content-Length: 15\r\n\r\n" + BODY
GOOD = JSON + SIZED
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"


def get(target: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: localhost", *headers, b"", b""])


def to(target: bytes) -> bytes:
    """The good command, sent to another address."""
    return GOOD.replace(PATH, target)


def sku(written: bytes) -> bytes:
    """The good command, for a product written like this in the address."""
    return to(b"/warehouse/products/" + written + b"/increase_quantity")


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


REFUSED = {
    # Protocols that are not ours.
    "nothing": (b"", ""),
    "empty lines": (b"\r\n\r\n\r\n", ""),
    "HTTP/0.9": (b"GET /warehouse/products\r\n", "?"),
    "HTTP/0.9 with a version": (GOOD.replace(b"HTTP/1.1", b"HTTP/0.9"), "?"),
    "HTTP/1.2": (GOOD.replace(b"HTTP/1.1", b"HTTP/1.2"), "?"),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "?"),
    "HTTP/2 by name": (GOOD.replace(b"HTTP/1.1", b"HTTP/2"), "?"),
    "protocol in small letters": (GOOD.replace(b"HTTP/1.1", b"http/1.1"), "?"),
    "no protocol": (GOOD.replace(b" HTTP/1.1", b""), "?"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), "?"),
    "random bytes": (bytes(range(256)), "?"),
    "half a first line": (GOOD[:20], "?"),
    "half the headers": (GOOD[:90], "?"),
    "headers without an end": (JSON, "?"),
    # Methods.
    "method in small letters": (GOOD.replace(b"POST", b"post", 1), "?"),
    "method with NUL": (GOOD.replace(b"POST", b"PO\0ST", 1), "?"),
    "method of 4,000 letters": (GOOD.replace(b"POST", b"P" * 4000, 1), "?"),
    "TRACE": (GOOD.replace(b"POST", b"TRACE", 1), "?"),
    "CONNECT": (GOOD.replace(b"POST " + PATH, b"CONNECT localhost:80"), "?"),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "?"),
    "method overridden by a header": (
        get(PATH, b"X-HTTP-Method-Override: POST", b"Content-Type: application/json"),
        "?",
    ),
    # Addresses.
    "target without a slash": (to(PATH[1:]), "?"),
    "target with two slashes": (to(b"/" + PATH), "?"),
    "target with a space": (sku(b"a b"), "?"),
    "target with a tab": (sku(b"a\tb"), "?"),
    "target with NUL": (sku(b"a\0b"), "?"),
    "target with a control byte": (sku(b"a\x01b"), "?"),
    "target with DEL": (sku(b"a\x7fb"), "?"),
    "target with a bare CR": (sku(b"a\rb"), "?"),
    "target with a bare LF": (sku(b"a\nb"), "?"),
    "target with raw UTF-8": (sku("é".encode()), "?"),
    "target with raw latin-1": (sku(b"\xe9"), "?"),
    "target that cuts UTF-8 off": (sku(b"a%C3"), "?"),
    "target with latin-1": (sku(b"%E9"), "?"),
    "target with overlong UTF-8": (sku(b"%C0%AF"), "?"),
    "target with overlong UTF-8 in three bytes": (sku(b"%E0%80%AF"), "?"),
    "target with an overlong NUL": (sku(b"%C0%80"), "?"),
    "target behind the last character": (sku(b"%F4%90%80%80"), "?"),
    "target with half of a surrogate pair": (sku(b"%ED%B0%80"), "?"),
    "target with a lone percent sign": (sku(b"100%"), "?"),
    "target with bad hexadecimals": (sku(b"%zz"), "?"),
    "target in %u": (sku(b"%u0041"), "?"),
    "target encoded twice": (sku(b"%2541"), "?"),
    "target with dot segments": (sku(b"abc123/../abc123"), "?"),
    "target with encoded dot segments": (sku(b"abc123%2F..%2Fabc123"), "?"),
    "target of another server": (to(b"http://example.com" + PATH), "?"),
    "target with a user": (to(b"http://user:password@localhost" + PATH), "?"),
    "target with a fragment": (to(PATH + b"#fragment"), "?"),
    "target of 4,095 bytes": (sku(b"a" * 4016), "?"),
    "query of 5,000 bytes": (to(PATH + b"?" + b"a" * 5000), "?"),
    "static file above": (get(b"/static/../settings/base.py"), "?"),
    "static file above, encoded": (get(b"/static/%2e%2e/settings/base.py"), "?"),
    "static file with NUL": (get(b"/static/%00"), "?"),
    "static file with a long name": (get(b"/static/" + b"a" * 4000), "?"),
    "static file with bad UTF-8": (get(b"/static/%ff"), "?"),
    "admin with NUL": (get(b"/admin/%00"), "?"),
    # Queries.
    "search with NUL": (get(b"/warehouse/products?q=%00"), "?"),
    "search with a right-to-left override": (get(b"/warehouse/products?q=%E2%80%AE"), "?"),
    "1,001 fields": (get(b"/warehouse/products?" + b"&a" * 1001), "?"),
    "page after nothing": (get(b"/warehouse/activity?after="), "?"),
    "page after a word": (get(b"/warehouse/activity?after=x"), "?"),
    "page after a fraction": (get(b"/warehouse/activity?after=1.5"), "?"),
    "page after NUL": (get(b"/warehouse/activity?after=%00"), "?"),
    "version of a word": (get(b"/warehouse/products/abc123?version=x"), "?"),
    "version of 4,000 digits": (get(b"/warehouse/products/abc123?version=" + b"9" * 4000), "?"),
    "version below": (get(b"/warehouse/products/abc123?version=-1"), "?"),
    "version in other digits": (get(b"/warehouse/products/abc123?version=%D9%A1"), "?"),
    "page of a word": (get(b"/warehouse/products/abc123?before=x", b"Accept: text/html"), "?"),
    # Headers.
    "no Host": (GOOD.replace(b"Host: localhost\r\n", b""), "?"),
    "two Hosts": (having(b"Host: localhost"), "?"),
    "two Hosts that differ": (having(b"Host: example.com"), "?"),
    "Host of another server": (GOOD.replace(b"localhost", b"example.com"), "?"),
    "empty Host": (GOOD.replace(b"localhost", b""), "?"),
    "Host with NUL": (GOOD.replace(b"localhost", b"local\0host"), "?"),
    "Host with a path": (GOOD.replace(b"localhost", b"localhost/admin"), "?"),
    "Host with a space": (GOOD.replace(b"localhost", b"local host"), "?"),
    "Host with a user": (GOOD.replace(b"localhost", b"user@localhost"), "?"),
    "Host with a bad port": (GOOD.replace(b"localhost", b"localhost:x"), "?"),
    "Host in latin-1": (GOOD.replace(b"localhost", b"l\xf6calhost"), "?"),
    "lines that end with LF": (GOOD.replace(b"\r\n", b"\n"), "?"),
    "lines that end with CR": (GOOD.replace(b"\r\n", b"\r"), "?"),
    "header with a bare CR": (having(b"X-Note: a\rb"), "?"),
    "header with a bare LF": (having(b"X-Note: a\nb: c"), "?"),
    "header with NUL": (having(b"X-Note: a\0b"), "?"),
    "header with a control byte": (having(b"X-Note: a\x01b"), "?"),
    "header with a space before the colon": (having(b"X-Note : a"), "?"),
    "header that begins with a space": (having(b" X-Note: a"), "?"),
    "header on two lines": (having(b"X-Note: a\r\n b"), "?"),
    "header without a colon": (having(b"X-Note"), "?"),
    "header without a name": (having(b": a"), "?"),
    "header name with NUL": (having(b"X-\0Note: a"), "?"),
    "header name in latin-1": (having(b"X-N\xf6te: a"), "?"),
    "header name with brackets": (having(b"X(Note): a"), "?"),
    "header of 5,000 bytes": (having(b"X-Note: " + b"a" * 5000), "?"),
    "header name of 5,000 bytes": (having(b"X" * 5000 + b": a"), "?"),
    "51 headers": (having(*[b"X-Note: a"] * 48), "?"),
    "200 headers": (having(*[b"X-Note: a"] * 200), "?"),
    "headers of 100,000 bytes": (having(*[b"X-Note: " + b"a" * 4000] * 25), "?"),
    "expectation nobody knows": (having(b"Expect: 200-ok"), "?"),
    "schemes that differ": (having(b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"), "?"),
    "another script name": (having(b"SCRIPT_NAME: /elsewhere"), "?"),
    "another path": (having(b"PATH_INFO: /elsewhere"), "?"),
    # Content types.
    "two Content-Types": (having(b"Content-Type: application/json"), "?"),
    "Content-Type empty": (typed(b""), "?"),
    "Content-Type with a comma": (typed(b"application/json,"), "?"),
    "Content-Type with NUL": (typed(b"application/json\0"), "?"),
    "Content-Type in latin-1": (typed(b"application/js\xf6n"), "?"),
    "Content-Type with a space within": (typed(b"application / json"), "?"),
    "charset without a hyphen": (typed(b"application/json; charset=utf8"), "?"),
    "charset UTF-16": (typed(b"application/json; charset=utf-16"), "?"),
    "charset UTF-7": (typed(b"application/json; charset=utf-7"), "?"),
    "charset nobody knows": (typed(b"application/json; charset=nonsense"), "?"),
    "charset empty": (typed(b"application/json; charset="), "?"),
    "charset with NUL, encoded": (typed(b"application/json; charset*=utf-8''%00"), "?"),
    "charset twice": (typed(b"application/json; charset=utf-8; charset=utf-16"), "?"),
    "form in another charset": (typed(b"application/x-www-form-urlencoded; charset=ibm037"), "?"),
    "form with a boundary in latin-1": (typed(b"multipart/form-data; boundary=\xf6"), "?"),
    "form with a boundary of 300": (typed(b"multipart/form-data; boundary=" + b"x" * 300), "?"),
    # Ids.
    "two Idempotency-Keys": (
        having(*[b"Idempotency-Key: 4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"] * 2),
        "?",
    ),
    "Idempotency-Key in latin-1": (having(b"Idempotency-Key: \xe9"), "?"),
    "Idempotency-Key empty": (having(b"Idempotency-Key:"), "?"),
    # What the sender would rather read.
    "Accept in latin-1": (having(b"Accept: \xe9"), "?"),
    "Accept of 1,000 kinds": (having(b"Accept: " + b"a/b," * 1000), "?"),
    "quality below 0": (having(b"Accept: application/json;q=-1"), "?"),
    "quality that is no number": (having(b"Accept: application/json;q=nan"), "?"),
    # Lengths.
    "no length": (lengths(), "?"),
    "length empty": (lengths(b""), "?"),
    "length 0": (lengths(b"0"), "?"),
    "length of a byte less": (lengths(b"14"), "?"),
    "length of a byte more": (lengths(b"16"), "?"),
    "length with a plus": (lengths(b"+15"), "?"),
    "length below 0": (lengths(b"-15"), "?"),
    "length with a fraction": (lengths(b"15.0"), "?"),
    "length in hexadecimals": (lengths(b"0xf"), "?"),
    "length with an underscore": (lengths(b"1_5"), "?"),
    "length in other digits": (lengths("１５".encode()), "?"),
    "length in superscript": (lengths(b"\xb2"), "?"),
    "length in a list": (lengths(b"15, 15"), "?"),
    "length of 5,000 digits": (lengths(b"9" * 3000), "?"),
    "length above 64 bits": (lengths(b"18446744073709551631"), "?"),
    "two lengths": (lengths(b"15", b"15"), "?"),
    "two lengths that differ": (lengths(b"15", b"2"), "?"),
    "length by underscore": (JSON + b"Content_Length: 15\r\n\r\n" + BODY, "?"),
    "length and chunks": (
        JSON + b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n" + BODY + b"\r\n0\r\n\r\n",
        "?",
    ),
    "too large, with a command within": (body(GOOD.ljust(20_000)), "?"),
    "larger than said, by far": (lengths(b"100000000"), "?"),
    # Chunks.
    "chunks": (CHUNKED + b"f\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunks, and nothing more": (CHUNKED, "?"),
    "chunk size that is no number": (CHUNKED + b"g\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk size below 0": (CHUNKED + b"-f\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk size with 0x": (CHUNKED + b"0xf\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk size above 64 bits": (CHUNKED + b"f" * 17 + b"\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk size empty": (CHUNKED + b"\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk longer than its size": (CHUNKED + b"2\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk shorter than its size": (CHUNKED + b"ff\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunk with an extension": (CHUNKED + b"f;note=1\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunks that end with LF": (CHUNKED + b"f\n" + BODY + b"\n0\n\n", "?"),
    "chunks without an end": (CHUNKED + b"f\r\n" + BODY + b"\r\n", "?"),
    "chunks with a trailer": (CHUNKED + b"f\r\n" + BODY + b"\r\n0\r\nContent-Length: 15\r\n\r\n", "?"),
    "chunks that hold a command": (CHUNKED + b"%x\r\n" % len(GOOD) + GOOD + b"\r\n0\r\n\r\n", "?"),
    "encoded in a way nobody knows": (having(b"Transfer-Encoding: xchunked"), "?"),
    "encoded and not chunked": (having(b"Transfer-Encoding: gzip"), "?"),
    "encoded as identity": (having(b"Transfer-Encoding: identity"), "?"),
    "chunked twice": (having(b"Transfer-Encoding: chunked, chunked"), "?"),
    "chunked before the last": (having(b"Transfer-Encoding: chunked, gzip"), "?"),
    "chunked with a tab": (having(b"Transfer-Encoding:\tchunked"), "?"),
    "chunked with a vertical tab": (having(b"Transfer-Encoding: \x0bchunked"), "?"),
    "chunked by underscore": (JSON + b"Transfer_Encoding: chunked\r\n\r\nf\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    "chunked in HTTP/1.0": (CHUNKED.replace(b"/1.1", b"/1.0") + b"f\r\n" + BODY + b"\r\n0\r\n\r\n", "?"),
    # Bodies.
    "half a body": (JSON + SIZED[:-5], "?"),
    "body packed": (
        having(b"Content-Encoding: gzip"), "?",
    ),
    "body in UTF-7": (body(b"+AHsAIg-quantity+ACI-: 5}"), "?"),
    "body with a form feed": (body(b'{"quantity":\x0c5}'), "?"),
    "body with a space of another kind": (body('{"quantity":\u00a05}'.encode()), "?"),
    "key with NUL": (body(b'{"quantity\\u0000": 5}'), "?"),
    "key in capitals": (body(b'{"QUANTITY": 5}'), "?"),
    "surrogates in the wrong order": (body(b'{"quantity": 5, "note": "\\udc00\\ud800"}'), "?"),
    "number with an endless exponent": (body(b'{"quantity": 1e999999999}'), "?"),
    "number that is all but nothing": (body(b'{"quantity": 1e-400}'), "?"),
    "number of 4,301 digits": (body(b'{"quantity": 5, "note": ' + b"1" * 4301 + b"}"), "?"),
    "number too large elsewhere": (body(b'{"quantity": 5, "note": 1e400}'), "?"),
    "16,000 lists, open": (body(b"[" * 16_000), "?"),
    "16,000 objects, open": (body(b'{"":' * 4_000), "?"),
    "body that is one string": (body(b'"' + b"a" * 16_000 + b'"'), "?"),
    "JSON lines": (body(b'{"quantity": 5}\n{"quantity": 5}'), "?"),
}

# Unusual, but right: done, and exactly once.
ACCEPTED = {
    "HTTP/1.0": (GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"), "?"),
    "empty lines before": (b"\r\n\r\n" + GOOD, "?"),
    "target with our name": (to(b"http://localhost" + PATH), "?"),
    "target with all of it encoded": (sku(b"%61%62%63%31%32%33"), "?"),
    "target with a part of it encoded in small letters": (to(PATH.replace(b"_", b"%5f")), "?"),
    "target with a query": (to(PATH + b"?quantity=7&%00=%ff&;&&=#"), "?"),
    "target with 999 fields": (to(PATH + b"?" + b"&a" * 999), "?"),
    "target of 4,094 bytes": (to(PATH + b"?" + b"a" * (4094 - len(PATH) - 17)), "?"),
    "header names in capitals": (GOOD.replace(b"Content-Type", b"CONTENT-TYPE"), "?"),
    "header names in small letters": (GOOD.replace(b"Content-L", b"content-l"), "?"),
    "header without a space": (GOOD.replace(b"Type: ", b"Type:"), "?"),
    "header with tabs around": (GOOD.replace(b": application/json", b":\tapplication/json\t"), "?"),
    "header in latin-1": (having(b"X-Note: \xe9"), "?"),
    "header by underscore, which is dropped": (having(b"Idempotency_Key: nonsense"), "?"),
    "50 headers": (having(*[b"X-Note: a"] * 47), "?"),
    "header of 4,000 bytes": (having(b"X-Note: " + b"a" * 4000), "?"),
    "cookies that are none": (having(b"Cookie: sessionid=\xff; csrftoken; =;;messages=[[,a;\x80"), "?"),
    "session nobody knows": (having(b"Cookie: sessionid=" + b"a" * 4000), "?"),
    "other methods by header": (having(b"X-HTTP-Method-Override: DELETE"), "?"),
    "page of another site": (having(b"Origin: https://example.com", b"Referer: nonsense"), "?"),
    "wish to upgrade": (having(b"Connection: Upgrade", b"Upgrade: h2c", b"HTTP2-Settings: AA"), "?"),
    "wish to upgrade to a websocket": (having(b"Connection: Upgrade", b"Upgrade: websocket"), "?"),
    "asked before the body": (having(b"Expect: 100-continue"), "?"),
    "range": (having(b"Range: bytes=0-0"), "?"),
    "condition": (having(b"If-Match: x", b"If-Modified-Since: nonsense"), "?"),
    "forwarded": (having(b"X-Forwarded-For: nonsense", b"Forwarded: for=unknown"), "?"),
    "quality too large": (having(b"Accept: application/json;q=1e400"), "?"),
    "Accept twice": (having(b"Accept: image/png", b"Accept: application/json"), "?"),
    "Accept empty": (having(b"Accept:"), "?"),
    "Content-Type in capitals": (typed(b"APPLICATION/JSON"), "?"),
    "Content-Type with a semicolon": (typed(b"application/json;"), "?"),
    "Content-Type with a space before the semicolon": (typed(b"application/json ; charset=utf-8"), "?"),
    "Content-Type with a boundary": (typed(b"application/json; boundary=x"), "?"),
    "charset in quotes and capitals": (typed(b'application/json; CHARSET="UTF-8"'), "?"),
    "Content-Encoding in capitals": (having(b"Content-Encoding: IDENTITY"), "?"),
    "length with zeros": (lengths(b"0015"), "?"),
    "length with spaces": (lengths(b"  15  "), "?"),
    "body with spaces around": (body(b"\r\n\t {\"quantity\"\n:\t5 } \n"), "?"),
    "body as large as allowed": (body(BODY.ljust(16_384)), "?"),
    "body with an escaped key": (body(b'{"\\u0071uantity": 5}'), "?"),
    "body with 1,000 keys": (body(b'{"quantity": 5' + b"".join(b', "%d": 0' % n for n in range(1000)) + b"}"), "?"),
    "body nested deeply": (body(b'{"quantity": 5, "note": ' + b"[" * 400 + b"]" * 400 + b"}"), "?"),
    "number of 4,300 digits elsewhere": (body(b'{"quantity": 5, "note": ' + b"1" * 4300 + b"}"), "?"),
    "keys of Python and JavaScript": (body(b'{"__proto__": {"quantity": 7}, "__class__": 1, "quantity": 5}'), "?"),
    "NUL in a note": (body(b'{"quantity": 5, "note": "\\u0000"}'), "?"),
    "more bytes than said": (GOOD + b"more", "?"),
    "followed by a request that is none": (GOOD + b"\0\r\n\r\n", "?"),
    "followed by a request for a list": (GOOD + get(b"/warehouse/products"), "?"),
}
