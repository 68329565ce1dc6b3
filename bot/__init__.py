"""schedtask-bot: a Huawei Cloud COC scheduled task as a card in Slack."""
