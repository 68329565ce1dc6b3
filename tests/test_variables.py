"""Service links of Kubernetes are ignored, and no misspelt setting passes for one."""

import pytest

from bot import settings
from bot.settings import ConfigurationError
from bot.variables import is_service_link

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "COC_REGION": "cn-north-4"}


def links(service: str, port: int = 3000) -> dict[str, str]:
    """The variables that Kubernetes sets in each pod for a service."""
    host, prefix = "10.96.12.7", f"{service}_PORT_{port}_TCP"
    return {
        f"{service}_SERVICE_HOST": host,
        f"{service}_SERVICE_PORT": str(port),
        f"{service}_SERVICE_PORT_HTTP": str(port),
        f"{service}_PORT": f"tcp://{host}:{port}",
        prefix: f"tcp://{host}:{port}",
        f"{prefix}_PROTO": "tcp",
        f"{prefix}_PORT": str(port),
        f"{prefix}_ADDR": host,
    }


@pytest.mark.parametrize("service", ["SCHEDTASK", "SCHEDTASK_BOT", "SLACK", "SLACK_API", "COC", "HUAWEICLOUD"])
def test_service_links_are_ignored(service: str) -> None:
    """All of them, and each alone."""
    assert settings.read({**GOOD, **links(service)}).port == 3000
    for name, value in links(service).items():
        assert settings.read({**GOOD, name: value}).port == 3000
    mine = links(service) if service.startswith("SCHEDTASK") else {}
    assert settings.service_links({**GOOD, **links(service)}) == sorted(mine)


def test_a_port_that_the_pod_sets_counts() -> None:
    """In Kubernetes it overrides the link."""
    given = {**GOOD, **links("SCHEDTASK"), "SCHEDTASK_PORT": "3001"}
    assert settings.read(given).port == 3001
    assert "SCHEDTASK_PORT" not in settings.service_links(given)


@pytest.mark.parametrize("host", ["2001:db8::7", "10.0.0.1"])
def test_addresses_of_both_families_are_service_links(host: str) -> None:
    """So are ports of other protocols."""
    assert is_service_link("SCHEDTASK_SERVICE_HOST", host)
    assert is_service_link("SCHEDTASK_PORT_53_UDP", f"udp://{host}:53")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCHEDTASK_PORTS", "tcp://10.0.0.1:3000"),
        ("SCHEDTASK_PROT", "tcp://10.0.0.1:3000"),
        ("SCHEDTASK_HOST_PORT", "3000"),
        ("SCHEDTASK_BOT_PORT", "3001"),
        ("SCHEDTASK_SERVICE_HOST", "0.0.0.0"),
        ("SCHEDTASK_SERVICE_HOST", "127.0.0.1"),
        ("SCHEDTASK_SERVICE_HOST", "localhost"),
        ("SCHEDTASK_SERVICE_PORT", "http"),
        ("SCHEDTASK_PORT_3000_TCP", "3000"),
        ("SCHEDTASK_PORT_3000_TCP_PROTO", "http"),
        ("schedtask_port", "tcp://10.0.0.1:3000"),
    ],
)
def test_a_misspelt_setting_is_not_a_service_link(name: str, value: str) -> None:
    """Name and value must both have the form that Kubernetes gives them."""
    with pytest.raises(ConfigurationError, match=f"{name} is not a setting"):
        settings.read({**GOOD, **links("SCHEDTASK"), name: value})
