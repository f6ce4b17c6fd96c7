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
