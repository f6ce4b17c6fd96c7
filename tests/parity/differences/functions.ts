/** Differences of fetch() and request(). */
import { createHook } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { zstdCompressSync } from 'node:zlib'
import type { RequestInit } from 'undici'
import { runChild } from '../../support/child.ts'
import type { ChildKit } from '../../support/child-main.ts'
import type { Library } from '../../support/libraries.ts'
import type { Http1Handler } from '../../support/servers/http1.ts'
import { quiet } from '../../support/wait.ts'
import type { Normal } from '../normalize.ts'
import type { Stage } from '../scenario.ts'
import type { Difference } from './difference.ts'
import { happens, libraryOf, told } from './support.ts'

const hello: Http1Handler = (_request, response) => void response.end('hello')

/** The text of a response to fetch(), or the error. */
async function fetched(
  stage: Stage,
  server: { readonly origin: string },
  init: RequestInit = {},
): Promise<Normal> {
  const { fetch } = await libraryOf(stage)
  try {
    return await (await fetch(server.origin, { dispatcher: await stage.agent(), ...init })).text()
  } catch (error) {
    return told(error)
  }
}

async function prototypeOfResponse(stage: Stage): Promise<Normal> {
  const { fetch, Response } = await libraryOf(stage)
  const { origin } = await stage.http1(hello)
  const response = await fetch(origin, { dispatcher: await stage.agent() })
  await response.text()
  return [response instanceof Response, Object.getPrototypeOf(response) === Response.prototype]
}

/** The number of connections that a redirect and its target need. */
async function redirected(stage: Stage): Promise<Normal> {
  const server = await stage.http1((request, response) => {
    if (request.url === '/') response.writeHead(302, { location: '/target' })
    response.end('hello')
  })
  return [await fetched(stage, server), server.accepted]
}

/** The framing and the body that arrive of a stream with these chunks, or the error. */
async function streamed(stage: Stage, chunks: readonly string[]): Promise<Normal> {
  const server = await stage.http1((request, response) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers
    response.write(`${length ?? coding} `)
    request.pipe(response)
  })
  const body = new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  return fetched(stage, server, { method: 'POST', body, duplex: 'half' })
}

async function requestOfNode(stage: Stage): Promise<Normal> {
  const { fetch } = await libraryOf(stage)
  const { origin } = await stage.http1(hello)
  const init = { dispatcher: await stage.agent() }
  return fetch(new Request(origin) as never, init).then((response) => response.text(), told)
}

/** The text of a response with these bytes. */
async function textOf(stage: Stage, bytes: Buffer | string, headers = {}): Promise<Normal> {
  const server = await stage.http1((_request, response) => {
    response.writeHead(200, headers).end(bytes)
  })
  return fetched(stage, server)
}

async function blankInLocation(stage: Stage): Promise<Normal> {
  const server = await stage.raw(async (peer) => {
    for (;;) {
      const isFirst = (await peer.head()).startsWith('GET / ')
      if (isFirst) peer.respond('', 'location: /target \r\n', '302 Found')
      else peer.respond('hello')
    }
  })
  return fetched(stage, server)
}

async function classOfForm(stage: Stage): Promise<Normal> {
  const { fetch } = await libraryOf(stage)
  const { origin } = await stage.http1((_request, response) => {
    response.setHeader('content-type', 'application/x-www-form-urlencoded')
    response.end('a=b')
  })
  const response = await fetch(origin, { dispatcher: await stage.agent() })
  return (await response.formData()) instanceof FormData
}

/** Whether a response has its resource timing before its body is read, and after that. */
async function timings(stage: Stage): Promise<Normal> {
  const { fetch } = await libraryOf(stage)
  const { origin } = await stage.http1(hello)
  const response = await fetch(origin, { dispatcher: await stage.agent() })
  const isThere = (): boolean => performance.getEntriesByName(`${origin}/`).length > 0
  const early = await happens(isThere)
  await response.text()
  return [early, await happens(isThere)]
}

/** The result of text() if the fetch is aborted a microtask later, when the body has come. */
async function abortedText(stage: Stage): Promise<Normal> {
  const { fetch } = await libraryOf(stage)
  const { origin } = await stage.http1(hello)
  const abort = new AbortController()
  const options = { dispatcher: await stage.agent(), signal: abort.signal }
  const response = await fetch(origin, options)
  await quiet()
  const text = response.text().catch((error: unknown) => (error as Error).name)
  await Promise.resolve()
  abort.abort()
  return text
}

/** Whether the stack of the reason for an abort is the same afterwards. */
async function stackOfReason(stage: Stage): Promise<Normal> {
  const { origin } = await stage.http1(() => {})
  const reason = new Error('mine')
  const { stack } = reason
  await fetched(stage, { origin }, { signal: AbortSignal.abort(reason) })
  return reason.stack === stack
}

/** The results of two calls of text() in one tick. */
async function consumedTwice(stage: Stage): Promise<Normal> {
  const { request } = await libraryOf(stage)
  const { origin } = await stage.http1(hello)
  const { body } = await request(origin, { dispatcher: await stage.agent() })
  const results: Normal[] = ['none', 'none']
  for (const at of [0, 1]) {
    void body.text().then(
      (text) => (results[at] = text),
      (error: unknown) => (results[at] = told(error)),
    )
  }
  await happens(() => !results.includes('none'))
  return results
}

/** Whether loop threads of dodici run after a request for which nobody has chosen a dispatcher. */
async function hasLoopThreads(stage: Stage): Promise<Normal> {
  const { origin } = await stage.http1(hello)
  const module = stage.kind === 'dodici' ? '../../lib/index.ts' : 'undici'
  return (await runChild(program, { origin, module })).said as Normal

  async function program(kit: ChildKit, data: { origin: string; module: string }): Promise<void> {
    const { request } = (await kit.load(data.module)) as unknown as Library
    kit.say((await request(data.origin)).statusCode)
    kit.say(kit.loopThreads() > 0)
    process.exit()
  }
}

/** The number of listeners that two running requests add to their signal. */
async function listenersOfSignal(stage: Stage): Promise<Normal> {
  const { request } = await libraryOf(stage)
  const { origin } = await stage.http1(() => {})
  const dispatcher = await stage.agent()
  const { signal } = new AbortController()
  for (let n = 0; n < 2; n += 1) void request(origin, { dispatcher, signal }).catch(() => {})
  return getEventListeners(signal, 'abort').length
}

async function asyncResource(stage: Stage): Promise<Normal> {
  const { request } = await libraryOf(stage)
  const { origin } = await stage.http1(hello)
  const dispatcher = await stage.agent()
  const types: string[] = []
  const hook = createHook({ init: (_id, type) => void types.push(type) }).enable()
  try {
    await (await request(origin, { dispatcher })).body.text()
  } finally {
    hook.disable()
  }
  return types.filter((type) => type.endsWith('_REQUEST'))
}

export const functionDifferences: readonly Difference[] = [
  {
    row: '`Response` and `Headers` | objects of these',
    name: 'the prototype',
    play: prototypeOfResponse,
    undici: [true, true],
    dodici: [true, false],
  },
  {
    row: 'a redirect that is followed',
    name: 'connections',
    play: redirected,
    undici: ['hello', 2],
    dodici: ['hello', 1],
  },
  {
    row: 'a chunk of a `ReadableStream` body',
    name: 'a string',
    play: (stage) => streamed(stage, ['text']),
    undici: 'chunked text',
    dodici: 'TypeError',
  },
  {
    row: "a `Request` of Node's own",
    name: 'to fetch()',
    play: requestOfNode,
    undici: 'TypeError',
    dodici: 'hello',
  },
  {
    row: 'the reason that a signal was',
    name: 'its stack',
    play: stackOfReason,
    undici: false,
    dodici: true,
  },
  {
    row: 'a streamed body that turns out empty',
    name: 'its framing',
    play: (stage) => streamed(stage, []),
    undici: '0 ',
    dodici: 'chunked ',
  },
  {
    row: 'an abort while `text()`',
    name: 'a microtask later',
    play: abortedText,
    undici: 'AbortError',
    dodici: 'hello',
  },
  {
    row: 'two byte order marks',
    name: 'text()',
    play: (stage) => textOf(stage, '\uFEFF\uFEFFhello'),
    undici: 'hello',
    dodici: '\uFEFFhello',
  },
  {
    row: 'blanks at the end of `Location`',
    name: 'one',
    play: blankInLocation,
    undici: 'TypeError',
    dodici: 'hello',
  },
  {
    row: '`formData()` | undici',
    name: 'its class',
    play: classOfForm,
    undici: false,
    dodici: true,
  },
  {
    row: 'the entry among the resource timings',
    name: 'before and behind text()',
    play: timings,
    undici: [false, true],
    dodici: [true, true],
  },
  {
    row: 'a zstd body of several frames',
    name: 'two in one piece',
    play: (stage) => {
      const frames = Buffer.concat(['one, ', 'two'].map((text) => zstdCompressSync(text)))
      return textOf(stage, frames, { 'content-encoding': 'zstd' })
    },
    undici: 'one, ',
    dodici: 'one, two',
  },
  {
    row: 'a body that is consumed twice',
    name: 'text()',
    play: consumedTwice,
    undici: ['none', ''],
    dodici: ['hello', 'TypeError'],
  },
  {
    row: 'no `dispatcher`, and no global',
    name: 'loop threads',
    play: hasLoopThreads,
    undici: [200, false],
    dodici: [200, true],
  },
  {
    row: 'several requests with one signal',
    name: 'listeners',
    play: listenersOfSignal,
    undici: 2,
    dodici: 1,
  },
  {
    row: 'the async resource of a call',
    name: 'its type',
    play: asyncResource,
    undici: ['UNDICI_REQUEST'],
    dodici: ['DODICI_REQUEST'],
  },
]
