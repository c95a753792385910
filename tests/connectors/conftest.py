"""The contract's assertions explain themselves as those of test files do."""

import pytest

pytest.register_assert_rewrite(
    "tests.connectors.bench", "tests.connectors.contract", "tests.connectors.push_contract"
)
