/** Whole milliseconds as native counts them; never 0, which means "none", for a little more than 0. */
export function milliseconds(time: number): number {
  return Math.min(Math.ceil(time), 0xffffffff)
}
