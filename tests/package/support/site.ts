/** What a fresh program is tried against: the same words over HTTP/1.1, HTTPS and HTTP/2. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificates } from '../../support/certificates.ts'
import { useFolder, useHttp1, useTls } from '../../support/fixtures.ts'

export interface Site {
  /** An origin for each protocol. */
  readonly origins: readonly [http1: string, https: string, http2: string]
  /** Environment of a program that is to trust the site: its file of certificates. */
  readonly env: { readonly NODE_EXTRA_CA_CERTS: string; readonly ORIGINS: string }
}

export async function useSite(): Promise<Site> {
  const plain = await useHttp1((_request, response) => void response.end('HTTP/1.1'))
  const secure = await useTls({
    protocols: 'h1',
    onRequest: (_request, response) => void response.end('HTTPS'),
  })
  const http2 = await useTls({
    protocols: 'h2',
    onStream: (stream) => {
      stream.respond({ ':status': 200 })
      stream.end('HTTP/2')
    },
  })
  const ca = join(useFolder(), 'ca.pem')
  writeFileSync(ca, certificates().ca)
  const origins = [plain.origin, secure.origin, http2.origin] as const
  return {
    origins,
    env: { NODE_EXTRA_CA_CERTS: ca, ORIGINS: origins.join(' ') },
  }
}

/** What programs() print when all is well. */
export const allAnswers = 'HTTP/1.1 HTTPS HTTP/2\n'

const ask = `
async function ask() {
  const agent = new Agent()
  const answers = []
  for (const origin of process.env.ORIGINS.split(' ')) {
    const response = await fetch(origin, { dispatcher: agent })
    answers.push(await response.text())
  }
  await agent.close()
  return answers.join(' ')
}`

/** The same program in each form that a file of JavaScript can have. */
export const programs = {
  'main.mjs': `import { Agent, fetch } from 'dodici'\n${ask}\nconsole.log(await ask())\n`,
  'main.cjs': `const { Agent, fetch } = require('dodici')\n${ask}\nask().then(console.log)\n`,
  'registered.mjs': `
    const answers = []
    for (const origin of process.env.ORIGINS.split(' ')) answers.push(await (await fetch(origin)).text())
    console.log(answers.join(' '))
    const { getGlobalDispatcher } = await import('dodici')
    await getGlobalDispatcher().close()`,
  'ask.test.cjs': `const { Agent, fetch } = require('dodici')\n${ask}
    test('asks', async () => {
      expect(await ask()).toBe('HTTP/1.1 HTTPS HTTP/2')
    })`,
} as const
