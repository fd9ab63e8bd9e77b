/** Which worker gets a job. Pure. */

export interface Candidate {
  readonly worker: string;
  readonly slots: number;
  /** Jobs that it has or has been promised. */
  readonly load: number;
}

/**
 * A preferred worker may be this much fuller than the average before it is passed over (consistent hashing with bounded
 * loads, arXiv 1608.01350).
 */
const LOAD_BOUND = 1.25;

/**
 * The worker for a job, or undefined when none has a free slot. Rendezvous hashing prefers the one that has seen this
 * image; without affinity, or when that one is too full, the least loaded is taken.
 */
export function chooseWorker<Each extends Candidate>(
  candidates: readonly Each[],
  affinity: string | null,
): Each | undefined {
  const free = candidates.filter((candidate) => candidate.load < candidate.slots);
  const leastLoaded = best(free, (candidate) => -candidate.load / candidate.slots);
  if (affinity === null || !leastLoaded) return leastLoaded;
  const preferred = best(candidates, (candidate) => weight(candidate.worker, affinity));
  if (!preferred || preferred.load >= preferred.slots) return leastLoaded;
  const slots = candidates.reduce((sum, candidate) => sum + candidate.slots, 0);
  const load = candidates.reduce((sum, candidate) => sum + candidate.load, 1);
  const share = Math.ceil(LOAD_BOUND * load * (preferred.slots / slots));
  return preferred.load < share ? preferred : leastLoaded;
}

function best<Each>(items: readonly Each[], score: (item: Each) => number): Each | undefined {
  let winner: Each | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const item of items) {
    const value = score(item);
    if (value > highest) {
      winner = item;
      highest = value;
    }
  }
  return winner;
}

/** FNV-1a over both names, mixed so that near names land far apart (MurmurHash3's finaliser). */
function weight(worker: string, affinity: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${worker}\n${affinity}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
