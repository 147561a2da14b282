import pytest

# So that what fails in it is shown as in any test.
pytest.register_assert_rewrite(f"{__name__}.log_contract")
