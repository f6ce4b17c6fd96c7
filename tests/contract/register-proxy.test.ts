/** `--import dodici/register` with NODE_USE_ENV_PROXY=1 and --use-env-proxy works like Node's own fetch without it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useFolder } from '../support/fixtures.ts'
import { nodeMajors, nodeProgram } from '../support/node-versions.ts'
import { useOrigins, useProxy, withLogin } from '../support/proxying.ts'
import { timeFactor } from '../support/time-factor.ts'
import { within } from '../support/wait.ts'

const register = fileURLToPath(new URL('../../lib/register.ts', import.meta.url))

interface Given {
  readonly env: (proxy: string) => Record<string, string>
  readonly args?: readonly string[]
  /** the origins that are asked for through the proxy */
  readonly proxied: readonly ('http' | 'https')[]
}

const both = ['http', 'https'] as const

// `proxy` is the URI of a proxy that needs no credentials.
const cases: Record<string, Given> = {
  'no variable': { env: (proxy) => ({ HTTP_PROXY: proxy }), proxied: [] },
  'the variable without a proxy': { env: () => ({ NODE_USE_ENV_PROXY: '1' }), proxied: [] },
  'the variable at 0': {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '0', HTTP_PROXY: proxy }),
    proxied: [],
  },
  HTTP_PROXY: {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy }),
    proxied: both,
  },
  'http_proxy and https_proxy': {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '1', http_proxy: proxy, https_proxy: proxy }),
    proxied: both,
  },
  HTTPS_PROXY: {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy }),
    proxied: ['https'],
  },
  'a proxy that is given credentials': {
    env: (proxy) => {
      const uri = withLogin('http', Number(new URL(proxy).port), { user: 'u@', password: 'p:' })
      return { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: uri }
    },
    proxied: both,
  },
  NO_PROXY: {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' }),
    proxied: ['https'], // of localhost
  },
  'no_proxy for others': {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, no_proxy: 'a.test' }),
    proxied: both,
  },
  '--use-env-proxy': {
    env: (proxy) => ({ HTTP_PROXY: proxy }),
    args: ['--use-env-proxy'],
    proxied: both,
  },
  '--use-env-proxy in NODE_OPTIONS': {
    env: (proxy) => ({ HTTP_PROXY: proxy, NODE_OPTIONS: '--use-env-proxy' }),
    proxied: both,
  },
  '--no-use-env-proxy beside the variable': {
    env: (proxy) => ({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy }),
    args: ['--no-use-env-proxy'],
    proxied: [],
  },
}

/** The output of a program that fetches these URLs, and its errors. */
async function run(
  node: string,
  args: readonly string[],
  env: Record<string, string>,
  urls: readonly string[],
): Promise<{ said: string; code: unknown }> {
  const folder = useFolder()
  const [program, ca] = [join(folder, 'program.mjs'), join(folder, 'ca.pem')]
  writeFileSync(ca, certificates().ca)
  writeFileSync(
    program,
    `import { readdirSync, readFileSync } from 'node:fs'
     for (const url of ${JSON.stringify(urls)}) {
       const response = await fetch(url)
       console.log(JSON.parse(await response.text()).url)
     }
     const names = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8'))
     console.log(names.some((name) => name.startsWith('dodici')) ? 'ours' : 'its own')`,
  )
  const child = spawn(node, ['--no-warnings', ...args, program], {
    env: {
      PATH: process.env['PATH'],
      DODICI_ADDON: process.env['DODICI_ADDON'],
      NODE_EXTRA_CA_CERTS: ca,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  const [code] = await within('the program to end', once(child, 'close'), 25_000 * timeFactor)
  return { said, code }
}

const everywhere = new Set(['HTTP_PROXY', 'NO_PROXY', '--no-use-env-proxy beside the variable'])

describe.runIf(agentKind === 'dodici').each(nodeMajors)('Node %i, registered', (major) => {
  const played = Object.entries(cases).filter(([name]) => major === 24 || everywhere.has(name))

  it.each(played)('uses the same proxies as Node itself with %s', async (_name, given) => {
    const origins = await useOrigins()
    const urls = origins.map(({ origin }) => `${origin}/x`)
    const seen: unknown[] = []
    for (const preload of [[], ['--import', register]]) {
      const proxy = await useProxy()
      const args = [...(given.args ?? []), ...preload]
      const { said, code } = await run(nodeProgram(major), args, given.env(proxy.uri), urls)
      const whose = preload.length > 0 ? 'ours' : 'its own'
      expect({ said, code }).toEqual({ said: `/x\n/x\n${whose}\n`, code: 0 })
      seen.push(
        proxy.seen.map(({ line, headers }) => {
          return [line, headers.host, headers['proxy-authorization']]
        }),
      )
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[1]).toHaveLength(given.proxied.length)
  })
})
