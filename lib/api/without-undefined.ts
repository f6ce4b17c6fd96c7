/** The same options, less those that are undefined: among options of two kinds they would hide the other's. */
export function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
