// When to start the server again after it ended by itself. Pure: time is an argument.

/** How long a run of failures is remembered, in milliseconds. */
const WINDOW = 180_000;
/** The waits between the attempts, in milliseconds; after the last one it stays down. */
const WAITS = [200, 1_000, 3_000, 8_000, 20_000];

/** Remembers when the server ended unasked. */
export class Restarts {
  private ends: number[] = [];

  /** Notes an end at `now`; gives how long to wait before the next start, or `undefined` to give up. */
  next(now: number): number | undefined {
    this.ends = this.ends.filter(end => now - end < WINDOW);
    this.ends.push(now);
    return WAITS[this.ends.length - 1];
  }

  /** A person asked for a start: what was is forgotten. */
  forget(): void {
    this.ends = [];
  }
}
