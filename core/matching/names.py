"""Finding tenants by what a payer calls itself: whole names, words, beginnings, typing errors."""

from itertools import combinations

from rapidfuzz import fuzz, process

from core.matching.texts import alike, name_of

MOST_FOUND = 6
LEAST_ALIKE = 0.6
RARE = 40
"""A word borne by no more tenants than this is followed alone."""
COMMON = 400
"""When every word of a known name is borne by more tenants, longer names are not looked for."""
MOST_WEIGHED = 60
MOST_WORDS = 4
MOST_MEANT = 8
LEAST_MEANT = 0.7
MOST_CACHED = 100_000

Found = tuple[tuple[str, float], ...]


class Names:
    """Names of tenants, of payers that paid for them before included."""

    def __init__(self) -> None:
        self._whole: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] = {}
        self._bearers: dict[str, set[str]] = {}
        self._words: dict[str, list[str]] = {}
        self._core: dict[str, str] = {}
        self._found: dict[str, Found] = {}
        self._pairs: dict[tuple[str, str], set[str]] = {}
        self._meant: dict[str, set[str]] = {}

    def core(self, name: str) -> str:
        """The comparable part of a name, remembered."""
        known = self._core.get(name)
        if known is None:
            if len(self._core) >= MOST_CACHED:
                self._core.clear()
            known = self._core[name] = name_of(name)
        return known

    def put(self, tenant_id: str, name: str) -> None:
        """Remember that a tenant goes by a name."""
        core = self.core(name)
        known = self._names.setdefault(tenant_id, [])
        if not core or core in known:
            return
        known.append(core)
        for remembered in (self._found, self._pairs, self._meant):
            remembered.clear()
        for whole in {core, core.replace(" ", "")}:
            bearers = self._whole.setdefault(whole, [])
            if tenant_id not in bearers:
                bearers.append(tenant_id)
        for word in set(core.split()):
            if word not in self._bearers:
                self._bearers[word] = set()
                for end in {"<" + word[:3], ">" + word[-3:]}:
                    self._words.setdefault(end, []).append(word)
            self._bearers[word].add(tenant_id)

    def of(self, tenant_id: str) -> list[str]:
        """The comparable names of a tenant."""
        return self._names.get(tenant_id, [])

    def likeness(self, tenant_id: str, core: str) -> float:
        """How alike a payer's comparable name is to the tenant's nearest one, 0 to 1."""
        known = self.of(tenant_id)
        if len(known) == 1:
            return alike(core, known[0])
        return max([alike(core, name) for name in known], default=0.0)

    def find(self, core: str) -> Found:
        """Tenants with a like name and the likeness, best first, at most six."""
        if not core:
            return ()
        known = self._found.get(core)
        if known is None:
            if len(self._found) >= MOST_CACHED:
                self._found.clear()
            known = self._found[core] = self._search(core)
        return known

    def within(self, words: list[str]) -> list[str]:
        """Tenants whose whole name stands in a text, by its words; at most three."""
        have = set(words)
        rare = [w for w in have if len(w) > 3 and 0 < len(self._bearers.get(w, ())) <= 40]
        found = set()
        for word in rare:
            for tenant_id in self._bearers[word]:
                if any(set(name.split()) <= have for name in self.of(tenant_id)):
                    found.add(tenant_id)
        return sorted(found)[:3] if len(found) <= 6 else []

    def bears(self, core: str) -> list[str]:
        """The tenants of exactly this name."""
        return self._whole.get(core, [])

    def _search(self, core: str) -> Found:
        near = {*self._whole.get(core, ()), *self._whole.get(core.replace(" ", ""), ())}
        near |= self._with_all_words(core) if near else self._by_words(core)
        like = [(tenant_id, round(self.likeness(tenant_id, core), 4)) for tenant_id in near]
        like = [(tenant_id, share) for tenant_id, share in like if share >= LEAST_ALIKE]
        return tuple(sorted(like, key=lambda pair: (-pair[1], pair[0]))[:MOST_FOUND])

    def _with_all_words(self, core: str) -> set[str]:
        """Tenants with longer names that hold all words of one, when they are few."""
        bearers = sorted([self._bearers.get(word, set()) for word in core.split()], key=len)
        if len(bearers[0]) > COMMON:
            return set()
        near = set.intersection(*bearers)
        return near if len(near) <= RARE else set()

    def _by_words(self, core: str) -> set[str]:
        """Tenants that share words with the name: all of them, else two, else a rare one."""
        words = dict.fromkeys(core.split())
        borne = {word: found for word in words if (found := self._bearing(word))}
        borne = dict(sorted(borne.items(), key=lambda pair: len(pair[1]))[:MOST_WORDS])
        bearers = list(borne.values())
        near: set[str] = set()
        if len(bearers) > 2:
            near |= _fewest(set.intersection(*bearers))
        if not near:
            for one, other in combinations(borne, 2):
                near |= self._both(one, other, borne)
        near = near.union(*(each for each in bearers if len(each) <= RARE))
        return near or (_fewest(bearers[0]) if bearers else near)

    def _both(self, one: str, other: str, borne: dict[str, set[str]]) -> set[str]:
        """Tenants that bear two words; of common words remembered, as they come again."""
        known = self._pairs.get((one, other))
        if known is None:
            known = _fewest(borne[one] & borne[other])
            if len(borne[one]) > RARE and len(self._pairs) < MOST_CACHED:
                self._pairs[one, other] = known
        return known

    def _bearing(self, word: str) -> set[str]:
        """Tenants that bear a word, or a like one if none bears it; a cut word means its wholes."""
        known = self._bearers.get(word)
        if known is not None and len(word) > 2:
            return known
        if len(word) < 3:
            return set()
        meant = self._meant.get(word)
        if meant is None:
            if len(self._meant) >= MOST_CACHED:
                self._meant.clear()
            meant = self._meant[word] = self._meaning(word)
        return meant

    def _meaning(self, word: str) -> set[str]:
        """Tenants that bear a word like one that nobody bears."""
        ends = {*self._words.get("<" + word[:3], ()), *self._words.get(">" + word[-3:], ())}
        cut = sorted(o for o in ends if o.startswith(word) or (len(o) > 3 and word.startswith(o)))
        typed = process.extract(
            word, sorted(ends), scorer=fuzz.ratio, score_cutoff=100 * LEAST_MEANT, limit=MOST_MEANT
        )
        meant = {*cut[:MOST_MEANT], *(other for other, _, _ in typed)}
        return set().union(*(self._bearers[other] for other in meant))


def _fewest(tenants: set[str]) -> set[str]:
    """The tenants, unless they are too many to be looked at; then the first by id."""
    return tenants if len(tenants) <= MOST_WEIGHED else set(sorted(tenants)[:MOST_WEIGHED])
