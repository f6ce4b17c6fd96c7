/** Which libcurl the addon under test has, for what the system's does otherwise. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const addon = process.env['DODICI_ADDON'] ?? join(root, 'build/release/dodici.node')
const buildFile = join(dirname(addon), 'dodici.build.json')

/** The bundled libcurl has the patches; the system's has not. */
export const hasBundledCurl: boolean =
  !existsSync(buildFile) ||
  (JSON.parse(readFileSync(buildFile, 'utf8')) as { curl: string }).curl === 'bundled'

/**
 * A request head's lines as undici has them. The system's libcurl writes `Host` and `Connection` in capitals and the latter
 * last, and no blank in front of an empty value.
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
