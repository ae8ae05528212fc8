"""Events of the product on their way to business systems: endpoints, deliveries and their log."""
