/** The packed addon on the C library of Debian 11, older than the one it was built on. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeProgram } from '../support/node-versions.ts'
import { installedOnce, well } from './support/installed.ts'
import { useSite } from './support/site.ts'

// `npm run test:package` makes this root. It is empty if Debian 11 can't be downloaded.
const root = process.env['DODICI_DEBIAN_11'] ?? ''

// Starts the program by the dynamic linker of that root, with only the libraries of that root.
function old(program: string): { linker: string; args: string[] } {
  const triplet = process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu'
  const folders = ['lib', 'usr/lib'].map((folder) => join(root, folder, triplet))
  const name = readdirSync(folders[0] as string).find((file) => file.startsWith('ld-linux-'))
  return {
    linker: join(folders[0] as string, name as string),
    args: ['--library-path', folders.join(':'), program],
  }
}

describe.skipIf(root === '')('on glibc 2.31', () => {
  const project = installedOnce()

  it.each([22, 24] as const)('Node %d makes requests over all protocols', async (major) => {
    const { env } = await useSite()
    const { linker, args } = old(nodeProgram(major))
    const which = ['-p', 'process.report.getReport().header.glibcVersionRuntime']
    expect(await project().node([...args, ...which], { program: linker })).toMatchObject({
      stdout: '2.31\n',
    })
    expect(await project().node([...args, 'main.mjs'], { program: linker, env })).toEqual(well)
  })
})
