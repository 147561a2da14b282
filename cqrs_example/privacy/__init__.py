"""Personal data in a log that never changes: encrypted with a key for each person, in an ordinary
table. Without the key the data are gone; the log stays as it is and can be replayed.

    Registered(name=seal("customer-7", "Ann"))    # a field that is declared as `Personal`
    str(event.data.name)                          # "Ann", and "erased" once the key is forgotten

`Personal`, `seal` and `reveal` are in `personal`, `forget` is in `forgetting`. The idea is known as
crypto-shredding. It needs the library `cryptography`; see docs/privacy.md.
"""

VERSION = "1"
