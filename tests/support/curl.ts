/** Tells which libcurl the addon under test has, because the system's behaves differently. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The addon under test. */
export const addonFile: string =
  process.env['DODICI_ADDON'] ?? join(root, 'build/release/dodici.node')
const buildFile = join(dirname(addonFile), 'dodici.build.json')

/** Whether it is the bundled libcurl, which has the patches. */
export const hasBundledCurl: boolean =
  !existsSync(buildFile) ||
  (JSON.parse(readFileSync(buildFile, 'utf8')) as { curl: string }).curl === 'bundled'

/**
 * The lines of a request head as undici writes them. The system's libcurl capitalises `Host` and `Connection`, writes
 * the latter last, and puts no blank before an empty value.
 */
export function headLines(head: string): string[] {
  const lines = head.split('\r\n')
  if (hasBundledCurl) return lines
  const [request = '', ...headers] = lines.map((line) =>
    line
      .replace(/^(Host|Connection):/, (name) => name.toLowerCase())
      .replace(/^([^ :]+):$/, '$1: '),
  )
  const first = ['host: ', 'connection: '].flatMap((name) =>
    headers.filter((line) => line.startsWith(name)),
  )
  return [request, ...first, ...headers.filter((line) => !first.includes(line))]
}
