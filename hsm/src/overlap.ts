/**
 * Runs `work` over slices of `items`, two at a time and in order of the results: while the module computes one
 * slice, this process prepares the next. The first failure rejects and starts no more.
 */
export async function inOverlappingSlices<T, R>(
  items: readonly T[],
  length: number,
  work: (slice: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: (readonly R[])[] = [];
  let next = 0;
  const worker = async () => {
    while (next * length < items.length) {
      const index = next++;
      try {
        results[index] = await work(items.slice(index * length, (index + 1) * length));
      } catch (error) {
        next = Number.POSITIVE_INFINITY;
        throw error;
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return results.flat();
}
