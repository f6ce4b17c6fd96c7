/** Returns the options without undefined ones: in a spread they would hide the values of other options. */
export function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
