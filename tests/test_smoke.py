def test_increase_over_http(server, rows):
    assert server.increase("abc", 3).status == 200
    assert server("GET", "/warehouse/products").text == '[{"quantity":3,"sku":"abc"}]'
    assert rows("SELECT count(*) FROM eventstore_event") == [(1,)]


def test_empty_again(server, rows):
    assert server("GET", "/warehouse/products").text == "[]"
