// An undici without later exports: each missing error class is replaced.
import type * as Undici from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../../lib/compat/undici.ts'

const later = vi.hoisted(() => [
  'MaxOriginsReachedError',
  'ProxyConnectionError',
  'Socks5ProxyError',
])

vi.mock('undici/index.js', async (load) => {
  const actual = await load<typeof Undici>()
  const known = Object.entries(actual.errors).filter(([name]) => !later.includes(name))
  return { ...actual, errors: Object.fromEntries(known) }
})

const undici = await vi.importActual<typeof Undici>('undici')

type Constructor = new (...args: unknown[]) => Error
const classOf = (from: object, name: string): Constructor =>
  (from as Record<string, Constructor>)[name] as Constructor

const cause = new Error('cause')

describe('an error that the installed undici does not have', () => {
  it.each([
    ['MaxOriginsReachedError', []],
    ['MaxOriginsReachedError', ['too many']],
    ['ProxyConnectionError', [cause]],
    ['ProxyConnectionError', [cause, 'no way']],
    ['Socks5ProxyError', []],
    ['Socks5ProxyError', ['refused', 'UND_ERR_SOCKS5_REPLY_5']],
  ] as const)('%s(%j) is as undici 8\u2019s', (name, args) => {
    const own = classOf(errors, name)
    const theirs = classOf(undici.errors, name)
    expect(own).not.toBe(theirs)
    const [error, expected] = [new own(...args), new theirs(...args)]
    expect(error).toBeInstanceOf(undici.errors.UndiciError)
    const told = ({ name, message, code, cause }: Error & { code?: string }): object => {
      return { name, message, code, cause }
    }
    expect(told(error)).toEqual(told(expected))
    expect(error.stack).toContain(expected.message)
  })

  it('is one of these, and all others are undici\u2019s own', () => {
    const own = Object.keys(errors).filter((name) => {
      return classOf(errors, name) !== classOf(undici.errors, name)
    })
    expect(own.sort()).toEqual(later)
  })
})
