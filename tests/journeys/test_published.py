"""The pictures that documents show: each page once, as who sees the most of it."""

from pathlib import Path

from PIL import Image

from tests.journeys.published import TALLEST, WIDTH, publish

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(folder: Path, name: str, colour: tuple[int, int, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (1440, 3_000), colour).save(folder / f"{name}.png")


def test_each_page_is_shown_once_and_small(tmp_path: Path) -> None:
    taken, into = tmp_path / "taken", tmp_path / "shown"
    for page in ("revenue", "plans"):
        picture(taken / "cfo", f"{page}-light-1440", RED)
    picture(taken / "cfo", "plans-light-390", RED)
    for page in ("revenue", "my-billing"):
        for scheme in ("light", "dark"):
            picture(taken / "admin", f"{page}-{scheme}-1440", BLUE)
    into.mkdir()
    (into / "gone-light.webp").touch()
    assert publish(taken, into) == 3
    assert sorted(file.name for file in into.iterdir()) == [
        "README.md", "my-billing-dark.webp", "my-billing-light.webp", "plans-light.webp",
        "revenue-dark.webp", "revenue-light.webp",
    ]  # fmt: skip
    with Image.open(into / "revenue-light.webp") as shown:
        assert shown.size == (WIDTH, TALLEST)
        assert shown.convert("RGB").getpixel((500, 400))[2] > 200
    assert "![Plans, light](plans-light.webp)" in (into / "README.md").read_text()
