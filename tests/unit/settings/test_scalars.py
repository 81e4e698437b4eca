"""The texts of numbers and durations, for those who read them outside a file (the command line)."""

from decimal import Decimal

import pytest

from trading_system.settings.scalars import UnreadableText, read_number, read_seconds, read_truth, read_whole_number


@pytest.mark.parametrize(
    ("text", "written"), [("0e999", "0"), ("-0.0", "0"), ("1e3", "1000"), ("1.50", "1.50"), ("5.", "5"), ("-1_0.5", "-10.5")]
)
def test_a_number_is_plain_when_printed(text, written):
    assert str(read_number(text)) == written


@pytest.mark.parametrize("text", ["", " ", "_1", "1_", "1e", "e5", ".", "0." + "1" * 200, "1e2.5", "--1"])
def test_what_is_no_number_is_refused(text):
    for read in (read_number, read_whole_number, read_seconds):
        with pytest.raises(UnreadableText):
            read(text)


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("60s", 60), (" 1.5 m ", 90), ("1e1s", 10), ("1e-1 ms", 0.0001), ("0.1s", 0.1)])
def test_a_duration_is_in_seconds(text, seconds):
    assert read_seconds(text) == seconds


@pytest.mark.parametrize("text", ["5min", "5S", "s", "1h30m", "1:30", "five"])
def test_what_could_be_read_in_two_ways_is_no_duration(text):
    with pytest.raises(UnreadableText, match="expected a duration such as 5s, 500ms, 2m, 1h or 1d, found"):
        read_seconds(text)


def test_a_refusal_says_what_was_expected_found_and_how_to_write_it():
    with pytest.raises(UnreadableText) as caught:
        read_whole_number("1,000,000.00")
    assert str(caught.value) == "expected a whole number, found '1,000,000.00': write 1000000.00"
    with pytest.raises(ValueError, match="expected yes or no"):
        read_truth("maybe")


def test_no_digit_is_lost():
    assert read_number("0.1234567890123456789012345678901234567890") == Decimal("0.1234567890123456789012345678901234567890")
