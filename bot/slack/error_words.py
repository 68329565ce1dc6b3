"""Slack's error words, as a closed set: what becomes a label of metrics or an outcome in the audit.

The words are those of the methods that the bot calls, of response URLs and of every method. Slack may add words,
and a proxy may answer anything; each of those is the same word here.
"""

import re

_OF_OURS = frozenset(
    {"timed_out", "unreachable", "broken_off", "not_slack", "no_channel", "upload_failed", "unknown_error"}
)
_OF_EVERY_METHOD = frozenset(
    {"access_denied", "accesslimited", "account_inactive", "deprecated_endpoint", "ekm_access_denied"}
    | {"enterprise_is_restricted", "fatal_error", "internal_error", "invalid_arg_name", "invalid_arguments"}
    | {"invalid_array_arg", "invalid_auth", "invalid_charset", "invalid_form_data", "invalid_json"}
    | {"invalid_post_type", "json_not_object", "method_deprecated", "missing_args", "missing_post_type"}
    | {"missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "org_login_required"}
    | {"ratelimited", "rate_limited", "request_timeout", "service_unavailable", "team_access_not_granted"}
    | {"team_added_to_org", "token_expired", "token_revoked", "two_factor_setup_required", "unknown_method"}
)
_OF_MESSAGES = frozenset(
    {"as_user_not_supported", "cannot_dm_bot", "cant_update_message", "channel_is_archived", "channel_not_found"}
    | {"expired_url", "invalid_blocks", "invalid_blocks_format", "invalid_payload", "is_archived", "is_inactive"}
    | {"message_not_found", "messages_tab_disabled", "metadata_too_large", "method_not_supported_for_channel_type"}
    | {
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "not_in_channel",
        "restricted_action",
        "too_many_attachments",
    }
    | {"used_url", "user_disabled", "user_not_found", "user_not_in_channel", "user_not_visible", "users_not_found"}
)
_OF_VIEWS = frozenset(
    {"duplicate_external_id", "exchanged_trigger_id", "expired_trigger_id", "hash_conflict", "invalid_trigger_id"}
    | {"not_found", "push_limit_reached", "trigger_exchanged", "trigger_expired", "view_not_found", "view_too_large"}
)
_OF_FILES_AND_GROUPS = frozenset(
    {"blocked_file_type", "file_not_found", "file_update_failed", "file_upload_size_restricted"}
    | {"file_uploads_disabled", "file_uploads_except_images_disabled", "no_such_subteam", "posting_to_channel_denied"}
    | {"too_many_users", "storage_limit_reached", "unknown_subtype", "invalid_users", "method_not_supported"}
)
_STATUSES = frozenset(
    f"http_{status}"
    for status in (200, 400, 401, 403, 404, 405, 407, 408, 410, 411, 413, 414, 415, 431, 500, 501, 502, 503, 504)
)
KNOWN = _OF_OURS | _OF_EVERY_METHOD | _OF_MESSAGES | _OF_VIEWS | _OF_FILES_AND_GROUPS | _STATUSES

_WORD = re.compile(r"[a-z0-9_.-]{1,60}")
"""What Slack's words are made of."""


def known(word: str) -> str:
    """The word, if it is Slack's or ours; else "other", or "not_slack" for what is not even a word."""
    if word in KNOWN:
        return word
    return "other" if _WORD.fullmatch(word) else "not_slack"
