"""The query client of Huawei Cloud COC's scheduled-task API. Knows nothing of Slack."""
