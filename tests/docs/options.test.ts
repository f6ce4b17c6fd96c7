/** docs/options.md against the types, undici's types, and the defaults that the code has. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../../lib/options/agent-options.ts'
import { optionsOf, optionsPage, tableNames, withTables } from '../../scripts/docs/options.ts'
import { namesOf } from '../../scripts/docs/interfaces.ts'
import { inRoot } from '../architecture/support.ts'

const page = readFileSync(optionsPage, 'utf8')
const undici = (file: string): string =>
  readFileSync(inRoot(`node_modules/undici/types/${file}.d.ts`), 'utf8')

describe('docs/options.md', () => {
  it('has the tables that the types make: npm run docs writes them', () => {
    expect(page).toBe(withTables(page))
  })

  it.each(tableNames)('says of each option of %s what it does', (name) => {
    const options = optionsOf(name)
    expect(options.length).toBeGreaterThan(1)
    expect(options.filter(({ comment }) => comment === '').map((one) => one.name)).toEqual([])
  })

  it('gives the defaults that the code has', () => {
    const { native, ...rest } = resolveOptions({})
    const resolved: Record<string, unknown> = { ...native, ...rest }
    const stated = [...optionsOf('AgentOptions'), ...optionsOf('H2Options')].flatMap(
      ({ name, fallback }) => {
        const [, literal] = /^`(-?[\d_]+|true|false|Infinity)`/.exec(fallback) ?? []
        return literal === undefined || !(name in resolved) ? [] : [[name, literal] as const]
      },
    )
    expect(stated.length).toBeGreaterThan(12)
    expect(stated.map(([name, literal]) => `${name}: ${literal.replaceAll('_', '')}`)).toEqual(
      stated.map(([name]) => `${name}: ${String(resolved[name])}`),
    )
  })

  it('has all options of requests in undici’s types', () => {
    const types = undici('dispatcher')
    const interfaces = ['DispatchOptions', 'RequestOptions', 'PipelineOptions']
    const names = interfaces.flatMap((name) => namesOf(types, name))
    expect(names).toEqual(expect.arrayContaining(['origin', 'signal', 'objectMode']))
    expect(names.filter((name) => !page.includes(`\n| \`${name}\` |`))).toEqual([])
  })

  it.each([
    ['client', 'H2Options', ['H2Options']],
    ['proxy-agent', 'Options', ['ProxyOptions']],
    ['env-http-proxy-agent', 'Options', ['EnvironmentProxyOptions']],
    ['socks5-proxy-agent', 'Options', ['Socks5ProxyAgentOptions']],
  ])('has all options that %s of undici adds to an Agent’s (%s)', (file, name, tables) => {
    const ours = new Set(tables.flatMap(optionsOf).map((option) => option.name))
    const names = namesOf(undici(file), name)
    expect(names.length).toBeGreaterThan(1)
    expect(names.filter((one) => !ours.has(one))).toEqual([])
  })

  it('has all options of undici’s types, without the experimental ones', () => {
    const names = (['client', 'pool', 'agent'] as const).flatMap((file) => {
      const types = undici(file).replaceAll(/ *\/\*\* @experimental.*\n.*\n/g, '')
      return namesOf(types, 'Options')
    })
    const ours = new Set(optionsOf('AgentOptions').map(({ name }) => name))
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => !ours.has(name))).toEqual([])
  })
})
