/**
 * Returns `page` with `text` between two comments: `<!-- NAME: written by `WRITER` -->` and `<!-- /NAME -->`. Everything
 * else stays.
 */
export function withSection(page: string, name: string, writer: string, text: string): string {
  const start = `<!-- ${name}: written by \`${writer}\` -->`
  const end = `<!-- /${name} -->`
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from === -1 || to < from) throw new Error(`the page has no ${start} … ${end}`)
  return `${page.slice(0, from)}${start}\n${text}\n${page.slice(to)}`
}
