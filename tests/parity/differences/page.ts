import { readFileSync } from 'node:fs'

const sections = [
  'Not possible, or not there yet',
  'Different from undici on purpose',
  'Different because of libcurl',
  'fetch()',
  'request()',
]

/** The rows and bullets of COMPATIBILITY.md about differences, each in one line. */
export function rowsOfPage(): string[] {
  const page = readFileSync(new URL('../../../COMPATIBILITY.md', import.meta.url), 'utf8')
  return page
    .split(/^## /m)
    .filter((section) => sections.some((name) => section.startsWith(`${name}\n`)))
    .flatMap((section) => rowsOf(section.slice(section.indexOf('\n') + 1)))
}

// A table's row, a bullet, or a list of options; not a table's head, nor a sentence about the section.
function rowsOf(section: string): string[] {
  return section
    .split(/\n(?=[|-])|\n\n/)
    .map((row) => row.replaceAll(/\s+/g, ' ').trim())
    .filter(
      (row) =>
        /^[|`-]/.test(row) && !/^\|(-| what \| refused|\s*\| undici('s)? \| dodici)/.test(row),
    )
}
