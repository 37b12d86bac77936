"""The settings of Spark, which `Settings` takes in."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

LOCAL_CLUSTER = "local"
"""In place of an address: a cluster on this machine for as long as it is needed."""


class SparkSettings(BaseSettings):
    """Where figures are computed that one machine cannot hold."""

    spark_url: SecretStr | None = Field(
        default=None,
        alias="SALDO_SPARK_URL",
        description="Spark Connect address, `sc://host:15002`, of the cluster on which all figures "
        "are made anew; `local` starts a small one on this machine each time. DuckDB makes them "
        "when empty.",
    )
    spark_folder: Path | None = Field(
        default=None,
        alias="SALDO_SPARK_FOLDER",
        description="Folder that Saldo and every part of the Spark cluster see under this same "
        "path and may write to; SALDO_HOME if empty.",
    )
    spark_minutes: int = Field(
        default=120,
        ge=1,
        alias="SALDO_SPARK_MINUTES",
        description="Figures that take longer on Spark are given up; the last good copy stays.",
    )

    @field_validator("spark_url")
    @classmethod
    def _known_cluster(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not _is_cluster(value.get_secret_value()):
            raise ValueError("SALDO_SPARK_URL is sc://host:port or local")
        return value

    @field_validator("spark_folder")
    @classmethod
    def _shared_folder(cls, value: Path | None) -> Path | None:
        if value and not (value.is_absolute() and value.is_dir()):
            raise ValueError(f"{value} is not a folder")
        return value


def _is_cluster(address: str) -> bool:
    if address == LOCAL_CLUSTER:
        return True
    try:
        parts = urlsplit(address)
        return parts.scheme == "sc" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
