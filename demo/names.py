"""Invented company names in the style of each country."""

from random import Random

_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "SE": (
        (
            "Norrsken",
            "Björkdal",
            "Västervik",
            "Lindåker",
            "Granholm",
            "Sjöstaden",
            "Ekeby",
            "Solberga",
            "Tallmo",
            "Älvkarla",
            "Höganäs",
            "Mälarö",
            "Rönninge",
            "Furuvik",
            "Strandvall",
        ),
        ("Frakt", "Logistik", "Bygg", "Data", "Livs", "Möbler", "Teknik", "Marin"),
        ("AB",),
    ),
    "NO": (
        (
            "Fjordlys",
            "Havnevik",
            "Bergstad",
            "Nordvåg",
            "Skogli",
            "Tindøy",
            "Elvheim",
            "Solfjell",
            "Vestmark",
            "Lofthus",
        ),
        ("Shipping", "Sjømat", "Energi", "Handel", "Transport", "Maskin"),
        ("AS",),
    ),
    "DE": (
        (
            "Rheinfeld",
            "Waldhoff",
            "Nordstern",
            "Brückner",
            "Lindenau",
            "Hartwig",
            "Seewald",
            "Falkenberg",
            "Morgenrot",
            "Steinbach",
            "Altmark",
            "Kupfermühle",
        ),
        ("Logistik", "Spedition", "Maschinenbau", "Textil", "Feinkost", "Werkzeuge"),
        ("GmbH", "GmbH", "KG"),
    ),
    "FR": (
        (
            "Valmont",
            "Beaurivage",
            "Clairefontaine",
            "Montbrun",
            "Sautignac",
            "Bellecour",
            "Rochefleur",
            "Lavandière",
            "Grandpré",
        ),
        ("Transports", "Distribution", "Conserves", "Ateliers", "Textiles"),
        ("SAS", "SARL"),
    ),
    "NG": (
        (
            "Okojie",
            "Zumarock",
            "Adebayo",
            "Niger Delta",
            "Kanem",
            "Lekki",
            "Eko Bridge",
            "Olumo",
            "Jos Plateau",
            "Calabar",
            "Ogbunike",
        ),
        ("Foods", "Haulage", "Ventures", "Agro", "Textiles", "Logistics"),
        ("Ltd",),
    ),
    "US": (
        (
            "Blue Mesa",
            "Harborlight",
            "Cedar Fork",
            "Ironwood",
            "Prairie Line",
            "Silver Creek",
            "Lakeshore",
            "Redstone",
            "Summit Ridge",
        ),
        ("Freight", "Outfitters", "Supply", "Foods", "Robotics", "Hardware"),
        ("Inc", "LLC"),
    ),
}
_PLAIN = str.maketrans("åäöøéüæ", "aaooeua")


class Names:
    """Hands out each name once."""

    def __init__(self, rng: Random) -> None:
        self._rng, self._used = rng, dict[str, int]()

    def draw(self, country: str) -> str:
        """A company name; a Roman-free number tells namesakes apart."""
        first, second, form = (self._rng.choice(part) for part in _PARTS[country])
        name = f"{first} {second}"
        self._used[name] = count = self._used.get(name, 0) + 1
        branch = "" if count == 1 else f" {count + 1}"
        return f"{name}{branch} {form}"


def address(name: str) -> str:
    """A billing address under a reserved domain."""
    words = name.lower().translate(_PLAIN).split()
    return f"billing@{'-'.join(words)}.example"
