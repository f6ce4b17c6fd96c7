/** undici's MockAgent and SnapshotAgent over undici's Agent and over ours, and what they let through. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as undici from 'undici'
import type { Dispatcher, MockAgent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as dodici from '../../lib/index.ts'
import { useFolder, useHttp1 } from '../support/fixtures.ts'
import { onBoth, ours } from '../support/libraries.ts'
import type { Library } from '../support/libraries.ts'
import { exchange, Recorder } from '../support/recorder.ts'
import { maskPorts, seen } from './normalize.ts'

interface Mocked {
  readonly agent: undici.Agent
  readonly mock: MockAgent
}

// Of `library` is the Agent alone: dodici's MockAgent is undici's.
function use({ Agent, MockAgent: Mock }: Library, options: object = {}): Mocked {
  const agent = new Agent()
  const mock = new Mock({ agent, ...options })
  onTestFinished(async () => {
    await mock.close().catch(() => {})
    await agent.destroy()
  })
  return { agent, mock }
}

async function text(dispatcher: Dispatcher, url: string, options: object = {}): Promise<unknown> {
  try {
    const { statusCode, headers, body } = await undici.request(url, { dispatcher, ...options })
    return [statusCode, headers['x-mock'], await body.text()]
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string }
    return [name, code, maskPorts(message)]
  }
}

describe('MockAgent over an Agent', () => {
  it('answers for its intercepts: once, several times, for ever, late, with an error', async () => {
    await onBoth(async (library) => {
      const { mock } = use(library)
      mock.disableNetConnect()
      const pool = mock.get('http://a.test')
      pool.intercept({ path: '/once' }).reply(201, 'once', { headers: { 'x-mock': 'yes' } })
      pool.intercept({ path: '/twice', method: 'POST', body: 'x' }).reply(200, 'twice').times(2)
      pool.intercept({ path: '/ever' }).reply(200, { ever: true }).persist()
      pool.intercept({ path: '/late' }).reply(200, 'late').delay(5)
      pool.intercept({ path: '/error' }).replyWithError(new Error('mocked'))
      pool.intercept({ path: /^\/any/ }).reply(({ path }) => ({ statusCode: 200, data: path }))
      const answers: unknown[] = []
      for (const path of ['/once', '/once', '/ever', '/ever', '/late', '/error', '/any/thing']) {
        answers.push(await text(mock, `http://a.test${path}`))
      }
      const post = { method: 'POST', body: 'x' }
      answers.push(await text(mock, 'http://a.test/twice', post))
      const pending = mock.pendingInterceptors().map(({ path, origin }) => [path, origin])
      return { answers, pending }
    })
  })

  it('matches origins by expressions and functions, and any spelling', async () => {
    await onBoth(async (library) => {
      const { mock } = use(library)
      mock.disableNetConnect()
      mock
        .get(/^http:\/\/b\d/)
        .intercept({ path: '/' })
        .reply(200, 'b')
        .persist()
      mock
        .get((origin) => origin.endsWith('c.test'))
        .intercept({ path: '/' })
        .reply(200, 'c')
      mock.get('http://D.test').intercept({ path: '/' }).reply(200, 'd')
      const urls = ['http://b1.test/', 'http://b2.test/', 'http://c.test/', 'http://d.test/']
      return Promise.all(urls.map((url) => text(mock, url)))
    })
  })

  it('calls handlers as mocks do, the Agent itself too, and its pools', async () => {
    await onBoth(async (library) => {
      const { agent, mock } = use(library)
      const pool = mock.get('http://a.test')
      pool
        .intercept({ path: '/' })
        .reply(200, 'mocked', { headers: { a: 'b' } })
        .persist()
      const opts = { origin: 'http://a.test', path: '/' }
      const all = [await exchange(mock, opts), await exchange(agent, opts)]
      const { body } = await pool.request({ path: '/', method: 'GET' })
      return [all.map((recorder) => seen(recorder)), await body.text()]
    })
  })

  it('gives clients if there is one connection', async () => {
    await onBoth(async (library) => {
      const { mock } = use(library, { connections: 1 })
      const client = mock.get('http://a.test')
      client.intercept({ path: '/' }).reply(200, 'client')
      return [client instanceof undici.MockClient, await text(mock, 'http://a.test/')]
    })
  })

  it('passes requests that are not mocked to the Agent', async () => {
    const server = await useHttp1((request, response) => void response.end(`real ${request.url}`))
    await onBoth(async (library) => {
      const { mock } = use(library)
      const url = `${server.origin}/x`
      mock.get(server.origin).intercept({ path: '/mocked' }).reply(200, 'mocked').persist()
      const answers: unknown[] = []
      answers.push(await text(mock, url))
      mock.disableNetConnect()
      answers.push(await text(mock, url))
      mock.enableNetConnect(new URL(server.origin).host)
      answers.push(await text(mock, url))
      answers.push(await text(mock, `${server.origin}/mocked`))
      mock.enableNetConnect(/elsewhere/)
      mock.deactivate()
      answers.push(await text(mock, `${server.origin}/mocked`))
      mock.activate()
      answers.push(await text(mock, `${server.origin}/mocked`))
      return answers
    })
  })

  it('sends requests that are not mocked over ours, whatever `undici` sockets it has', async () => {
    const server = await useHttp1((_request, response) => void response.end('real'))
    const { agent, mock } = use(ours)
    await text(mock, `${server.origin}/`)
    expect(agent.stats[server.origin]).toMatchObject({ connected: 1 })
  })

  it('lets a streamed body through', async () => {
    const server = await useHttp1((request, response) => {
      request.setEncoding('utf8')
      let all = ''
      request.on('data', (chunk) => (all += chunk)).on('end', () => response.end(all))
    })
    await onBoth(async (library) => {
      const { mock } = use(library)
      const body = (async function* () {
        yield 'a'
        yield 'b'
      })()
      return text(mock, `${server.origin}/`, { method: 'POST', body })
    })
  })

  it('keeps its history, and lists unused intercepts', async () => {
    await onBoth(async (library) => {
      const { mock } = use(library, { enableCallHistory: true })
      mock.get('http://a.test').intercept({ path: '/a' }).reply(200, 'a')
      mock.get('http://a.test').intercept({ path: '/b' }).reply(200, 'b')
      await text(mock, 'http://a.test/a?q=1')
      await text(mock, 'http://a.test/a')
      let complaint = ''
      try {
        mock.assertNoPendingInterceptors()
      } catch (error) {
        complaint = (error as Error).message
      }
      return [
        mock
          .getCallHistory()
          ?.calls()
          .map(({ fullUrl }) => fullUrl),
        complaint,
      ]
    })
  })

  it('is closed with the Agent, which then refuses requests', async () => {
    await onBoth(async (library) => {
      const { agent, mock } = use(library)
      mock.get('http://a.test').intercept({ path: '/' }).reply(200, 'a').persist()
      await text(mock, 'http://a.test/')
      await mock.close()
      const late = new Recorder()
      agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, late)
      const { code } = late.error as Error & { code?: string }
      return [agent.closed, agent.destroyed, code]
    })
  })

  it('serves fetch() as the global dispatcher, beside ours', async () => {
    const server = await useHttp1((_request, response) => void response.end('real'))
    const before = undici.getGlobalDispatcher()
    onTestFinished(() => dodici.setGlobalDispatcher(before))
    await onBoth(async (library) => {
      const { mock } = use(library)
      mock.get('http://a.test').intercept({ path: '/' }).reply(200, 'mocked').persist()
      library.setGlobalDispatcher(mock)
      const urls = ['http://a.test/', `${server.origin}/`]
      const answers = await Promise.all(urls.map((url) => undici.fetch(url)))
      return Promise.all(answers.map((answer) => answer.text()))
    })
  })
})

describe('SnapshotAgent over an Agent', () => {
  it('records real responses, and plays them back', async () => {
    let count = 0
    const server = await useHttp1((request, response) => {
      count += 1
      response.setHeader('x-mock', 'recorded')
      response.end(`real ${request.url}`)
    })
    const folder = useFolder()
    await onBoth(async ({ Agent, SnapshotAgent }) => {
      count = 0
      const snapshotPath = join(folder, `${Agent === undici.Agent ? 'theirs' : 'ours'}.json`)
      const url = `${server.origin}/x`
      const play = async (mode: 'record' | 'playback'): Promise<unknown[]> => {
        const agent = new Agent()
        const snapshots = new SnapshotAgent({ mode, snapshotPath, agent })
        const answers = [await text(snapshots, url)]
        answers.push(await text(snapshots, url))
        await snapshots.saveSnapshots()
        await snapshots.close()
        return [answers, agent.closed]
      }
      const recorded = await play('record')
      const countThen = count
      const played = await play('playback')
      const stored = JSON.parse(readFileSync(snapshotPath, 'utf8')) as unknown[]
      return { recorded, played, countThen, count, stored: stored.length }
    })
  })
})
