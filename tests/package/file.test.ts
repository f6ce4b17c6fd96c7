/** The packed addon as a file: the glibc symbols that it needs, and its size. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const platform = `linux-${process.arch}-gnu`
const packages = new URL('../../build/packages/', import.meta.url)
const addon = fileURLToPath(new URL(`${platform}/dodici.node`, packages))
const symbols = fileURLToPath(new URL(`${platform}.debug`, packages))
const output = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1e8 })
const buildId = (file: string): string | undefined =>
  /Build ID: (\w+)/.exec(output('readelf', '--notes', file))?.[1]

describe('the packed addon', () => {
  it('needs no symbol of a glibc newer than 2.28', () => {
    const versions = output('readelf', '--version-info', addon).matchAll(/Name: GLIBC_2\.(\d+)/g)
    expect(Math.max(...[...versions].map(([, minor]) => Number(minor)))).toBeLessThanOrEqual(28)
  })

  it('is small: its symbols are in a separate file, which debuggers find by the build id', () => {
    expect(statSync(addon).size).toBeLessThan(7_800_000)
    expect(buildId(addon)).toMatch(/^\w{40}$/)
    expect(buildId(symbols)).toBe(buildId(addon))
  })
})
