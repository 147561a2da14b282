"""Personal data in a log that never changes: the data are encrypted with a key for each person.

The keys are in an ordinary table. To forget a person means to delete the key: after that nobody can
read the data, and the log stays unchanged and can still be replayed.

    Registered(name=seal("customer-7", "Ann"))    # a field that is declared as `Personal`
    str(event.data.name)                          # "Ann", and "erased" once the key is forgotten

`Personal`, `seal` and `reveal` are in `personal`, `forget` is in `forgetting`. The idea is known as
crypto-shredding. It needs the library `cryptography`; see docs/privacy.md.
"""

VERSION = "1"
