/** Says that this Node is too old for `range`, such as `>=22.19`: it would fail later, with words that do not help. */
export function complaintAboutNode(version: string, range: string): string | undefined {
  const least = range.replace('>=', '')
  return version.localeCompare(least, 'en', { numeric: true }) < 0
    ? `needs Node ${least} or newer; this is Node ${version}`
    : undefined
}
