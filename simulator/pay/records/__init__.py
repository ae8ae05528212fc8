"""The records of WeChat Pay, one module for each kind; ``state`` combines them."""
