/** The addon for musl in a program on musl: in Bun, as npm has no Node for it. `npm run test:musl` names both. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { useFolder } from '../support/fixtures.ts'
import { allAnswers, programs, useSite } from './support/site.ts'

const bun = process.env['DODICI_MUSL_BUN'] as string
const dodici = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

/** Runs a program in Bun, and returns what it prints. */
async function run(text: string, env: object): Promise<string> {
  const program = join(useFolder(), 'main.mjs')
  writeFileSync(program, text.replace("'dodici'", JSON.stringify(dodici)))
  const { stdout } = await promisify(execFile)(bun, [program], { env: { ...process.env, ...env } })
  return stdout
}

describe('on musl', () => {
  it('requests are answered over HTTP/1.1, HTTPS and HTTP/2', async () => {
    const { env } = await useSite()
    expect(await run(programs['main.mjs'], env)).toBe(allAnswers)
  })

  it('errors come as they do elsewhere', async () => {
    const program = `
      import { Agent, request } from 'dodici'
      const agent = new Agent()
      const error = await request('http://127.0.0.1:1', { dispatcher: agent }).catch((error) => error)
      console.log(error.code, error.syscall, error.address, error.port)
      await agent.close()`
    expect(await run(program, {})).toBe('ECONNREFUSED connect 127.0.0.1 1\n')
  })

  it('much is sent and received at a time', async () => {
    const { env, origins } = await useSite()
    const program = `
      import { Agent, fetch } from 'dodici'
      const agent = new Agent({ connections: 8 })
      const origins = process.env.ORIGINS.split(' ')
      const texts = await Promise.all(Array.from({ length: 600 }, async (_, at) => {
        const response = await fetch(origins[at % 3], { dispatcher: agent })
        return response.text()
      }))
      const counts = {}
      for (const text of texts) counts[text] = (counts[text] ?? 0) + 1
      console.log(JSON.stringify(counts))
      await agent.close()`
    expect(origins).toHaveLength(3)
    expect(JSON.parse(await run(program, env))).toEqual({
      'HTTP/1.1': 200,
      HTTPS: 200,
      'HTTP/2': 200,
    })
  })
})
