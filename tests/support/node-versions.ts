/** Other releases of Node, which set-up installs for tests. `npm run test:arm64` has its own, in DODICI_EMULATED_NODES. */
import { fileURLToPath } from 'node:url'

export type NodeMajor = 22 | 24 | 26

export const nodeMajors: readonly NodeMajor[] = [22, 24, 26]

/** The path of that release's program. */
export function nodeProgram(major: NodeMajor): string {
  if (major === 24) return process.execPath
  const emulated = process.env['DODICI_EMULATED_NODES']
  if (emulated !== undefined) return `${emulated}/node${major}`
  const path = `./node-versions/node_modules/node${major}-${process.arch}/bin/node`
  return fileURLToPath(new URL(path, import.meta.url))
}
