// What becomes of an addon that is not there, not ours, not whole, or not of this version.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useFolder } from '../../support/fixtures.ts'

const addon = process.env['DODICI_ADDON'] as string

// Loading is done once a process: each test has modules of its own.
async function loadBinding(): Promise<unknown> {
  vi.resetModules()
  const module = await import('../../../lib/native/load.ts')
  return module.loadBinding()
}

function useFile(contents: Uint8Array | string): string {
  const path = join(useFolder(), 'dodici.node')
  writeFileSync(path, contents)
  return path
}

function foreignAddon(): string {
  const copy = join(useFolder(), 'dodici.node')
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('vitest'))
  copyFileSync(resolve('@rolldown/binding-linux-x64-gnu'), copy)
  return copy
}

afterEach(() => {
  process.env['DODICI_ADDON'] = addon
  vi.doUnmock('../../../lib/native/version.ts')
})

describe('an addon', () => {
  it('is loaded from DODICI_ADDON', async () => {
    expect(await loadBinding()).toMatchObject({ dodici: '0.1.0' })
  })

  const whole = readFileSync(addon)
  const other = Buffer.from(whole.subarray(0, 4096))
  other.writeUInt16LE(0xf3, 18) // RISC-V
  const ofMusl = Buffer.from(whole)
  ofMusl.write('libc.so\0\0', whole.indexOf('libc.so.6\0'), 'latin1')
  it.each([
    ['that is not there', () => join(useFolder(), 'dodici.node'), /ENOENT/],
    ['that is text', () => useFile('hello'), /it is not a shared library of Linux/],
    ['that is empty', () => useFile(''), /it is not a shared library of Linux/],
    ['of another processor', () => useFile(other), /it is made for another processor/],
    ['of another C library', () => useFile(ofMusl), /it is made for musl\./],
    ['that is truncated', () => useFile(whole.subarray(0, whole.length >> 1)), /it is truncated/],
    ['that lacks its last byte', () => useFile(whole.subarray(0, -1)), /it is truncated/],
    ['of another project', foreignAddon, /it is an addon, but not dodici's/],
  ])('%s causes one clear error', async (_name, make, why) => {
    const path = make()
    process.env['DODICI_ADDON'] = path
    const loading = loadBinding()
    await expect(loading).rejects.toThrow(why)
    await expect(loading).rejects.toThrow(`can't load its addon ${path} (DODICI_ADDON)`)
    await expect(loading).rejects.toThrow(/on this platform \(linux on \w+, glibc 2\.\d+, Node 2\d/)
  })

  it('of another version causes one clear error', async () => {
    vi.doMock('../../../lib/native/version.ts', () => ({ version: '9.9.9' }))
    await expect(loadBinding()).rejects.toThrow('it belongs to dodici 0.1.0, not to 9.9.9')
  })

  it('by a relative path is refused', async () => {
    process.env['DODICI_ADDON'] = 'dodici.node'
    await expect(loadBinding()).rejects.toThrow(
      'DODICI_ADDON must be an absolute path, not "dodici.node"',
    )
  })
})
