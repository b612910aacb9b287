/**
 * Alternates rounds of ours and of the baseline, so that both meet the same machine. The first of each is
 * warm-up and not counted.
 */
export async function alternate<A, B>(
  rounds: number,
  ours: () => Promise<A>,
  baseline: () => Promise<B>,
): Promise<{ readonly ours: A[]; readonly baseline: B[] }> {
  const samples = { ours: [] as A[], baseline: [] as B[] };
  for (let round = 0; round <= rounds; round++) {
    const a = await ours();
    const b = await baseline();
    if (round === 0) continue;
    samples.ours.push(a);
    samples.baseline.push(b);
  }
  return samples;
}

/** Milliseconds that an action takes. */
export async function elapsedMs(action: () => unknown): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
