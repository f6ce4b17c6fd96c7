/** Other releases of Node, which set-up installs for tests. */
import { fileURLToPath } from 'node:url'

export type NodeMajor = 22 | 24 | 26

export const nodeMajors: readonly NodeMajor[] = [22, 24, 26]

/** The path of that release's program. */
export function nodeProgram(major: NodeMajor): string {
  if (major === 24) return process.execPath
  const path = `./node-versions/node_modules/node${major}-${process.arch}/bin/node`
  return fileURLToPath(new URL(path, import.meta.url))
}
