"""From a region or an address to the base URL."""

import pytest

from bot.coc.endpoints import KNOWN, endpoint_for


def test_the_three_regions_are_those_of_the_vendors_client() -> None:
    """huaweicloudsdkcoc is an independent witness of the table."""
    from huaweicloudsdkcoc.v1.region.coc_region import CocRegion

    assert {name: region.endpoints[0] for name, region in CocRegion.static_fields.items()} == KNOWN


@pytest.mark.parametrize("region", ["cn-north-4", " CN-North-4 "])
def test_a_region_has_its_endpoint(region: str) -> None:
    """Case and blanks around a region do not matter."""
    assert endpoint_for(region, None) == "https://coc.myhuaweicloud.com"


def test_an_endpoint_wins_over_a_region() -> None:
    """An operator who names an address means it."""
    assert endpoint_for("cn-north-4", "https://coc.example.com") == "https://coc.example.com"


@pytest.mark.parametrize(
    ("endpoint", "normalized"),
    [
        ("coc.example.com", "https://coc.example.com"),
        ("localhost:8080", "https://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        (" https://coc.example.com/gateway// ", "https://coc.example.com/gateway"),
        ("HTTPS://coc.example.com", "https://coc.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_endpoint_is_normalized(endpoint: str, normalized: str) -> None:
    """A missing scheme becomes https. Blanks and trailing slashes are dropped; a path stays."""
    assert endpoint_for(None, endpoint) == normalized


@pytest.mark.parametrize(
    "endpoint",
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
def test_a_malformed_endpoint_is_refused_and_not_repeated(endpoint: str) -> None:
    """The sentence names the variable. It never repeats an address, which may hold a password."""
    with pytest.raises(ValueError, match=r"^COC_ENDPOINT ") as caught:
        endpoint_for(None, endpoint)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_region_lists_the_known_ones() -> None:
    """The sentence names the variable, the known regions, and the alternative."""
    with pytest.raises(ValueError, match=r"COC_REGION.*'mars-1'.*cn-north-4.*eu-west-101.*COC_ENDPOINT"):
        endpoint_for("mars-1", None)


@pytest.mark.parametrize(
    ("region", "likely"),
    [("cn-south-1", "cn-north-4"), ("eu-west-0", "eu-west-101"), ("la-south-2", "ap-southeast-3"), ("mars-1", None)],
)
def test_an_unknown_region_suggests_its_site(region: str, likely: str | None) -> None:
    """One endpoint serves all regions of a site, so the operator names the site."""
    with pytest.raises(ValueError, match="One endpoint serves all regions of a site") as caught:
        endpoint_for(region, None)
    assert (f"most likely {likely}" in str(caught.value)) if likely else ("likely" not in str(caught.value))


def test_a_malformed_region_is_not_repeated() -> None:
    """Somebody may have pasted a secret there."""
    with pytest.raises(ValueError, match="no known COC endpoint for it") as caught:
        endpoint_for("xoxb-1-S3CRET/s3cret", None)
    assert "s3cret" not in str(caught.value).lower()


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_without_region_and_endpoint_both_variables_are_named(blank: str | None) -> None:
    """There is no default: the wrong site would refuse signatures, which locks keys."""
    with pytest.raises(ValueError, match=r"COC_REGION.*COC_ENDPOINT"):
        endpoint_for(blank, blank)


def test_the_vendors_override_variable_applies_to_any_region() -> None:
    """HUAWEICLOUD_SDK_REGION_COC_<REGION> replaces a known address and adds an unknown region."""
    environ = {
        "HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4": "https://one.example.com/, https://two.example.com",
        "HUAWEICLOUD_SDK_REGION_COC_MARS_1": "coc.mars.example.com",
    }
    assert endpoint_for("cn-north-4", None, environ) == "https://one.example.com"
    assert endpoint_for("mars-1", None, environ) == "https://coc.mars.example.com"


def test_a_bad_override_is_blamed_on_its_own_variable() -> None:
    """The operator must look at the wrong variable, not at COC_ENDPOINT."""
    with pytest.raises(ValueError, match=r"^HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4 "):
        endpoint_for("cn-north-4", None, {"HUAWEICLOUD_SDK_REGION_COC_CN_NORTH_4": "ftp://x"})
