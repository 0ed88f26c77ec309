// Observations to ask a table about: the corners of its cells, and a sample of the whole space.

/** SplitMix64 (Steele, Lea and Flood 2014): the same states on every machine. */
class Random {
  constructor(seed) { this.seed = BigInt(seed); }
  below(n) {
    const mask = (1n << 64n) - 1n;
    this.seed = (this.seed + 0x9e3779b97f4a7c15n) & mask;
    let z = this.seed;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return Number((z ^ (z >> 31n)) % BigInt(n));
  }
}

/** Every level of every feature as likely as the next, without end, as `random_codes` of the crate draws them. */
export function* sampled(table, seed) {
  const random = new Random(seed);
  for (;;) yield table.features.map((feature) => feature.levels[random.below(feature.levels.length)]);
}

/**
 * For each rule its lowest and its highest levels, and its lowest with one feature that it tests
 * moved to the highest level allowed and to one that is not, so that every edge of every cell is
 * walked and crossed; then `nSampled` of the whole space. A state is a list of levels, one per feature.
 */
export function states(table, nSampled, seed) {
  const found = new Map();
  const add = (state) => found.set(state.join('|'), state);
  for (const rule of table.rules) {
    const allowed = table.features.map((feature) => rule.when[feature.name] ?? feature.levels);
    const lowest = allowed.map((levels) => levels[0]);
    add(lowest);
    add(allowed.map((levels) => levels.at(-1)));
    table.features.forEach((feature, idx) => {
      if (!(feature.name in rule.when)) return;
      add(lowest.with(idx, allowed[idx].at(-1)));
      add(lowest.with(idx, feature.levels.find((level) => !allowed[idx].includes(level))));
    });
  }
  const nCorners = found.size;
  for (const state of sampled(table, seed)) {
    if (found.size >= nCorners + nSampled) break;
    add(state);
  }
  return { nCorners, all: [...found.values()] };
}

/** The first `n` states with one tested feature absent, or of a level that it does not have. */
export function broken(table, tested, all, n, seed) {
  const random = new Random(seed);
  const idxs = [...table.features.keys()].filter((idx) => tested.has(table.features[idx].name));
  return all.slice(0, n).map((state, k) => state.with(idxs[random.below(idxs.length)], k % 2 ? null : 'no such level'));
}
