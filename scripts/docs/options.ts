/** The tables of docs/options.md, made from the types of the options and their comments. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { membersOf, namesOf } from './interfaces.ts'
import type { Member } from './interfaces.ts'
import { withSection } from './sections.ts'

export interface Option extends Member {
  /** as the comment gives it; empty if there is none */
  readonly fallback: string
  /** where undici, or Node, has an option of that name; empty if neither does */
  readonly counterpart: string
}

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string): string => readFileSync(inRoot(path), 'utf8')
const undici = (file: string): string => read(`node_modules/undici/types/${file}.d.ts`)
const node = (file: string): string => read(`node_modules/@types/node/${file}.d.ts`)

/** The interfaces with options, where they are, and what undici calls them. */
const tables: readonly {
  readonly name: string
  readonly file: string
  readonly counterparts: () => readonly (readonly [where: string, names: readonly string[]])[]
}[] = [
  {
    name: 'AgentOptions',
    file: 'lib/options/agent-options.ts',
    counterparts: () => [
      ['all', namesOf(undici('client'), 'Options')],
      ['Pool, Agent', namesOf(undici('pool'), 'Options')],
      ['Agent', namesOf(undici('agent'), 'Options')],
    ],
  },
  {
    name: 'H2Options',
    file: 'lib/options/agent-options.ts',
    counterparts: () => [['all', namesOf(undici('client'), 'H2Options')]],
  },
  {
    name: 'ConnectOptions',
    file: 'lib/options/connect-options.ts',
    counterparts: () => [
      ['`connect`', optionalNames(undici('connector').split('export interface Options')[0] ?? '')],
      ['`tls.connect()`', optionalNames(node('tls'))],
      ['`net.connect()`', [...optionalNames(node('net')), ...optionalNames(node('dns'))]],
    ],
  },
  {
    name: 'ProxyOptions',
    file: 'lib/options/proxy.ts',
    counterparts: () => [
      ['ProxyAgent', [...namesOf(undici('proxy-agent'), 'Options'), 'factory']],
      ['Socks5ProxyAgent', namesOf(undici('socks5-proxy-agent'), 'Options')],
    ],
  },
  {
    name: 'EnvironmentProxyOptions',
    file: 'lib/options/proxy.ts',
    counterparts: () => [['EnvHttpProxyAgent', namesOf(undici('env-http-proxy-agent'), 'Options')]],
  },
  {
    name: 'Socks5ProxyAgentOptions',
    file: 'lib/api/socks5-proxy-agent.ts',
    counterparts: () => [['Socks5ProxyAgent', namesOf(undici('socks5-proxy-agent'), 'Options')]],
  },
  {
    name: 'BalancedPoolOptions',
    file: 'lib/api/balanced-pools.ts',
    counterparts: () => [['BalancedPool', ['factory', 'maxWeightPerServer', 'errorPenalty']]],
  },
]

export const tableNames: readonly string[] = tables.map(({ name }) => name)

const kFallback = / ?Default: ((?:`[^`]*`|[^.`])+)\./

/** The options of one of the interfaces. */
export function optionsOf(name: string): Option[] {
  const table = tables.find((one) => one.name === name)
  if (table === undefined) throw new Error(`no table ${name}`)
  const counterparts = table.counterparts()
  return membersOf(read(table.file), name).map((member) => {
    const fallback = kFallback.exec(member.comment)?.[1] ?? ''
    const counterpart = counterparts.find(([, names]) => names.includes(member.name))?.[0] ?? ''
    return { ...member, fallback, counterpart }
  })
}

export const optionsPage: string = inRoot('docs/options.md')

/** `page` with its tables as they should be now. */
export function withTables(page: string): string {
  return tableNames.reduce(
    (text, name) => withSection(text, name, 'npm run docs', tableOf(optionsOf(name))),
    page,
  )
}

function tableOf(options: readonly Option[]): string {
  const rows = options.map(({ name, type, comment, fallback, counterpart }) => {
    const text = comment
      .replace(kFallback, '')
      .replace(/ ?Not in undici\./, '')
      .trim()
    const cells = [
      `\`${name}\``,
      `\`${shortType(type)}\``,
      fallback || '–',
      text,
      counterpart || '–',
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return [
    '| option | type | default | what it does | in undici |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

// null and undefined always mean the default.
const shortType = (type: string): string =>
  type.replaceAll(/ \| (null|undefined)\b/g, '').replace('(string & {})', 'string')

const optionalNames = (declarations: string): string[] =>
  [...declarations.matchAll(/^ +(\w+)\?:/gm)].map(([, name = '']) => name)
