/** docs/errors.md has every code that dodici makes, and undici's, and no other. */
import { constants } from 'node:os'
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { Errc } from '../../lib/native/contract.ts'
import { disconnectError } from '../../lib/errors/disconnect-error.ts'
import { nativeError } from '../../lib/errors/native-error.ts'
import { verifyError } from '../../lib/errors/verify-errors.ts'
import { projectFiles, read } from '../architecture/support.ts'

const nowhere = { hostname: 'a.test', port: 1, servername: 'a.test' }

/** Codes in the first column of a table; a range counts as its members. */
const documented = new Set(
  [...read('docs/errors.md').matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => {
    const codes = [...cell.matchAll(/`(\w+)`/g)].map(([, code = '']) => code)
    const [, stem, first, last] = /^`(\w+_)(\d)` … `\w+_(\d)`$/.exec(cell) ?? []
    if (stem === undefined) return codes
    const count = Number(last) - Number(first) + 1
    return Array.from({ length: count }, (_, index) => `${stem}${Number(first) + index}`)
  }),
)

/** The code of an error, or the name of a class that has none. */
const codeOf = (error: Error): string => (error as { code?: string }).code ?? error.name

// Details and messages that lead to each of an error's forms. OpenSSL's line is one of many.
const details: Partial<Record<keyof typeof Errc, readonly number[]>> = {
  resolveFailed: [0, 1],
  connectFailed: [constants.errno.ECONNREFUSED],
  socksFailed: [0, 1, 2, 3, 4, 5, 6, 7, 8, 254, 255],
}

/** Codes of a failed decoding, which native tells in words. Brotli's own function makes its codes, and they are not listed. */
const ofDecoding = projectFiles(/^core\/src\/decode\/.*\.cpp$/).flatMap((file) =>
  [...read(file).matchAll(/"(Z_[A-Z_]+|ZSTD_error_\w+)"/g)].map(([, code = '']) => code),
)

const made = new Set<string>(ofDecoding)
for (const [name, code] of Object.entries(Errc) as [keyof typeof Errc, number][]) {
  if (name === 'decodeFailed') continue
  for (const detail of details[name] ?? [0]) {
    made.add(codeOf(nativeError(code, detail, '', '', nowhere)))
    made.add(codeOf(disconnectError(code, detail)))
  }
}
for (let number = 2; number < 100; number += 1) made.add(verifyError(number, '').code)

/** undici's, some of which only its own functions and interceptors make. */
const ofUndici = new Set<string>()
for (const Class of Object.values(errors) as (new (...args: unknown[]) => Error)[]) {
  const code = codeOf(new Class('', 0, { headers: {} }))
  // The class that the others extend.
  if (code !== 'UND_ERR') ofUndici.add(code)
}

describe('docs/errors.md', () => {
  it('has all codes that dodici makes', () => {
    expect(made.size).toBeGreaterThan(50)
    expect([...made].filter((code) => !documented.has(code))).toEqual([])
  })

  it('has all codes of undici’s classes', () => {
    expect(ofUndici.size).toBeGreaterThan(20)
    expect([...ofUndici].filter((code) => !documented.has(code))).toEqual([])
  })

  it('has no other codes, but for those of the system and of Node', () => {
    const isSystems = (code: string): boolean => code in constants.errno
    const isNodes = (code: string): boolean =>
      /^(EAI_|ERR_DLOPEN_|ERR_INVALID_(URL|ARG_TYPE)$)/.test(code)
    const others = [...documented].filter((code) => !made.has(code) && !ofUndici.has(code))
    expect(others.filter((code) => !isSystems(code) && !isNodes(code))).toEqual([])
  })
})
