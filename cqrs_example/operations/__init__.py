"""Operations: is the database one that keeps what it acknowledged, and who may do what in it?"""

VERSION = "2"
