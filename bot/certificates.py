"""Explains why a server's certificate was refused, and how the operator can mend it."""

import ssl

_EXPIRED, _HOSTNAME, _ADDRESS = 10, 62, 64
"""OpenSSL's codes for errors that no file of certificates can mend."""


def explain_certificate_error(error: BaseException | None) -> str | None:
    """A phrase about the certificate behind a failed connection; None if something else failed."""
    error = getattr(error, "certificate_error", error)  # aiohttp's own error has the class, but not the reason
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    if error.verify_code in {_HOSTNAME, _ADDRESS}:
        return "its certificate is for another name: check the address"
    if error.verify_code == _EXPIRED:
        return "its certificate has expired, or this clock is wrong"
    return (
        f"its certificate is not trusted ({error.verify_message}); set SSL_CERT_FILE to a file with the public "
        "authorities' certificates and that of the one that signed it"
    )
