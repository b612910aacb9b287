/** What a busy machine may add to a time that is promised. Less than any limit of ours after which something else happens. */
export const BUSY_MS = 4000;
