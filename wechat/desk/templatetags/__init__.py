"""The filters of the desk's templates."""
