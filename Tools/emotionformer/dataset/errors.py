"""What keeps a Parquet file from becoming a dataset."""


class DatasetError(Exception):
    """One line for people: which file, what is wrong, what was expected."""
