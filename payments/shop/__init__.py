"""The shop front: items with a page of their own in WeChat, bought and paid there."""
