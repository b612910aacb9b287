/**
 * One reading for all who ask meanwhile. Whoever asks while one is under way waits for the next, which begins when
 * that one has ended: nobody is told what was so before they asked.
 */
export function sharedRead<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let following: Promise<T> | undefined;
  const start = (): Promise<T> => {
    following = undefined;
    const mine = read().finally(() => {
      if (running === mine) running = undefined;
    });
    running = mine;
    return mine;
  };
  return () => {
    if (following) return following;
    if (!running) return start();
    following = running.then(start, start);
    return following;
  };
}
