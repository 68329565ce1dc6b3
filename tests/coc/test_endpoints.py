"""Region or address to the base of every request URL."""

import pytest

from bot.coc.endpoints import KNOWN, endpoint_for


def test_the_three_regions_are_those_of_the_vendors_client() -> None:
    """huaweicloudsdkcoc is an independent witness of the table."""
    from huaweicloudsdkcoc.v1.region.coc_region import CocRegion

    assert {name: region.endpoints[0] for name, region in CocRegion.static_fields.items()} == KNOWN


@pytest.mark.parametrize("region", ["cn-north-4", " CN-North-4 "])
def test_a_region_leads_to_its_endpoint(region: str) -> None:
    """Case and blanks around a region do not matter."""
    assert endpoint_for(region, None) == "https://coc.myhuaweicloud.com"


def test_an_endpoint_wins_over_a_region() -> None:
    """An operator who names an address means it."""
    assert endpoint_for("cn-north-4", "https://coc.example.com") == "https://coc.example.com"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("coc.example.com", "https://coc.example.com"),
        ("localhost:8080", "https://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        (" https://coc.example.com/gateway// ", "https://coc.example.com/gateway"),
        ("HTTPS://coc.example.com", "https://coc.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_endpoint_is_brought_into_one_form(given: str, used: str) -> None:
    """A missing scheme is https; blanks and slashes at the end go away; a path stays."""
    assert endpoint_for(None, given) == used


@pytest.mark.parametrize(
    "given",
    [
        "ftp://coc.example.com",
        "https://",
        "https://coc.example.com?a=1",
        "https://coc.example.com#top",
        "https://coc.example.com/?",
        "https://somebody:s3cret@coc.example.com",
        "https://coc.example.com:99999",
        "https://coc.example.com:s3cret",
        "https://[::1",
        "https://coc example.com",
        "https://coc.example.com/\x07",
        "https:\\\\coc.example.com",
    ],
)
def test_what_is_no_endpoint_is_refused_by_name_without_being_repeated(given: str) -> None:
    """The sentence names the variable; it never repeats an address, which may hold a password."""
    with pytest.raises(ValueError, match=r"^COC_ENDPOINT ") as caught:
        endpoint_for(None, given)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_region_is_answered_with_the_known_ones() -> None:
    """The reader learns which variable, which regions, and the way out."""
    with pytest.raises(ValueError, match=r"COC_REGION.*'mars-1'.*cn-north-4.*eu-west-101.*COC_ENDPOINT"):
        endpoint_for("mars-1", None)


@pytest.mark.parametrize(
    ("region", "likely"),
    [("cn-south-1", "cn-north-4"), ("eu-west-0", "eu-west-101"), ("la-south-2", "ap-southeast-3"), ("mars-1", None)],
)
def test_an_unknown_region_is_answered_with_its_site(region: str, likely: str | None) -> None:
    """One endpoint serves all regions of a site, so the site is what must be named."""
    with pytest.raises(ValueError, match="One endpoint serves all regions of a site") as caught:
        endpoint_for(region, None)
    assert (f"most likely {likely}" in str(caught.value)) if likely else ("likely" not in str(caught.value))


def test_what_is_no_region_is_not_repeated() -> None:
    """Somebody may have pasted something else there."""
    with pytest.raises(ValueError, match="no known COC endpoint for it") as caught:
        endpoint_for("xoxb-1-S3CRET/s3cret", None)
    assert "s3cret" not in str(caught.value).lower()


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_neither_region_nor_endpoint_names_both_variables(blank: str | None) -> None:
    """Nothing is assumed: the wrong site would answer with refused signatures, which lock keys."""
    with pytest.raises(ValueError, match=r"COC_REGION.*COC_ENDPOINT"):
        endpoint_for(blank, blank)


def test_the_vendors_override_variable_counts_for_any_region() -> None:
    """HUAWEICLOUD_SDK_REGION_COC_<REGION> replaces a known address and adds an unknown region."""
    environ = {
        "HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4": "https://one.example.com/, https://two.example.com",
        "HUAWEICLOUD_SDK_REGION_COC_MARS_1": "coc.mars.example.com",
    }
    assert endpoint_for("cn-north-4", None, environ) == "https://one.example.com"
    assert endpoint_for("mars-1", None, environ) == "https://coc.mars.example.com"


def test_a_bad_override_is_blamed_on_its_own_variable() -> None:
    """The operator must look at the variable that is wrong, not at COC_ENDPOINT."""
    with pytest.raises(ValueError, match=r"^HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4 "):
        endpoint_for("cn-north-4", None, {"HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4": "ftp://x"})
