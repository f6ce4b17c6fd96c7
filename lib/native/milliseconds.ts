/** Returns whole milliseconds, as native needs them. Rounds up, as 0 would mean no limit. */
export function milliseconds(time: number): number {
  return Math.min(Math.ceil(time), 0xffffffff)
}
