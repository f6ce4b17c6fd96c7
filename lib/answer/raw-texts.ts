/** The headers for `responseHeaders: 'raw'`: name, value, name, value …, as the server wrote them. */
export function rawTexts(given: unknown): string[] {
  if (given === undefined || given === null) {
    return []
  }
  return Array.isArray(given)
    ? given.map((text: string | Buffer, i) => textOf(text, i % 2 === 0 ? 'utf8' : 'latin1'))
    : Object.entries(given).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).flatMap((each) => [name, `${each}`]),
      )
}

function textOf(given: string | Buffer, encoding: BufferEncoding): string {
  return typeof given === 'string' ? given : given.toString(encoding)
}
