/** Programs that were written for undici: each is run as it is, and with dodici's name where undici's was. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { useFolder, useHttp1 } from '../support/fixtures.ts'
import { useProxy } from '../support/proxying.ts'
import { within } from '../support/wait.ts'
import { maskPorts } from './normalize.ts'

const folder = join(import.meta.dirname, 'programs')
const dodici = fileURLToPath(new URL('../../lib/index.ts', import.meta.url))
const programs = readdirSync(folder).filter((name) => name.endsWith('.ts'))

async function run(file: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, ['--no-warnings', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  const [code] = await within('the program to end', once(child, 'close'), 25_000)
  return { code, said: maskPorts(said) }
}

describe('a program written for undici', () => {
  it.each(programs)('%s does the same with dodici', async (name) => {
    let count = 0
    const server = await useHttp1((incoming, outgoing) => {
      let body = ''
      incoming.setEncoding('latin1').on('data', (chunk: string) => (body += chunk))
      incoming.on('end', () => {
        if (incoming.url === '/never') return
        count += 1
        const { url, method, headers } = incoming
        const mine = headers['x-mine']
        const form = /name="field"\r\n\r\nvalue/.test(body)
        outgoing.setHeader('content-type', 'application/json')
        if (url === '/cached') outgoing.setHeader('cache-control', 'max-age=100')
        outgoing.statusCode = url === '/503' ? 503 : 200
        const seen =
          url === '/cached' ? { count } : { url, method, mine, body: form ? 'form' : body }
        outgoing.end(JSON.stringify(seen))
      })
    })
    const proxy = await useProxy()
    const text = readFileSync(join(folder, name), 'utf8')
    const copy = join(useFolder(), name.replace('.ts', '.mts'))
    writeFileSync(copy, text.replaceAll(" from 'undici'", ` from ${JSON.stringify(dodici)}`))
    const args = [server.origin, proxy.uri]
    const expected = await run(join(folder, name), args)
    count = 0
    const outcome = await run(copy, args)
    expect(expected).toMatchObject({ code: 0 })
    expect(outcome).toEqual(expected)
  })
})
