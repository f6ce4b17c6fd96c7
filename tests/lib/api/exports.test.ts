/** dodici exports every name of undici, with its type. */
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import * as dodici from '../../../lib/index.ts'

const ours = [
  'Agent',
  'BalancedPool',
  'Client',
  'EnvHttpProxyAgent',
  'H2CClient',
  'Pool',
  'ProxyAgent',
  'RoundRobinPool',
  'Socks5ProxyAgent',
  'fetch',
  'install',
  'request',
  'setGlobalDispatcher',
]

const names = Object.keys(undici).filter((name) => !['default', 'module.exports'].includes(name))
const all: Record<string, unknown> = { ...dodici }
const theirs: Record<string, unknown> = { ...undici }

describe('the exports', () => {
  it('have every name of undici', () => {
    expect(names.length).toBeGreaterThan(50)
    expect(names.filter((name) => !(name in dodici))).toEqual([])
  })

  it('are those of undici, except for our own', () => {
    expect(names.filter((name) => all[name] !== theirs[name]).toSorted()).toEqual(ours.toSorted())
  })

  it.each(ours)('%s is of the same kind, with the methods and getters of undici', (name) => {
    const [own, reference] = [all[name], theirs[name]] as (typeof undici.Agent)[]
    expect(own).toBeTypeOf('function')
    expect([name, reference?.name]).toContain(own?.name)
    const members = Object.getOwnPropertyNames(reference?.prototype ?? {})
    const missing = members.filter((member) => !(member in (own?.prototype ?? {})))
    expect(missing).toEqual([])
  })

  it('are also one object, for `import undici from`', () => {
    expect(dodici.default.stream).toBe(undici.stream)
    expect(dodici.default.Agent).toBe(dodici.Agent)
  })
})
