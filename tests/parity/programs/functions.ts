// A program that uses undici's functions and a global dispatcher.
import { once } from 'node:events'
import { Writable } from 'node:stream'
import {
  Agent,
  errors,
  fetch,
  FormData,
  getGlobalDispatcher,
  Headers,
  pipeline,
  Request,
  request,
} from 'undici'
import { setGlobalDispatcher, stream } from 'undici'

const origin = process.argv[2] as string
const log = (...values: unknown[]): void => console.log(JSON.stringify(values))

const agent = new Agent({ connections: 3, keepAliveTimeout: 1000 })
setGlobalDispatcher(agent)
log(getGlobalDispatcher() === agent)

const { statusCode, headers, body, trailers } = await request(`${origin}/request?a=b`, {
  method: 'POST',
  headers: { 'X-Mine': ['one', 'two'] },
  body: JSON.stringify({ hello: 'world' }),
})
log(statusCode, headers['content-type'], await body.json(), trailers)

const chunks: Buffer[] = []
await stream(`${origin}/stream`, { method: 'GET', opaque: chunks }, ({ opaque }) => {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      opaque.push(chunk)
      done()
    },
  })
})
log(Buffer.concat(chunks).toString())

const duplex = pipeline(`${origin}/pipeline`, { method: 'PUT' }, ({ body: answer }) => answer)
duplex.end('piped')
duplex.setEncoding('utf8')
let piped = ''
duplex.on('data', (chunk: string) => (piped += chunk))
await once(duplex, 'end')
log(piped)

const form = new FormData()
form.set('field', 'value')
const response = await fetch(new Request(`${origin}/fetch`, { method: 'POST', body: form }))
log(response.status, response.ok, response.headers instanceof Headers, await response.json())

const controller = new AbortController()
const late = fetch(`${origin}/never`, { signal: controller.signal })
controller.abort()
await late.catch((error: Error) => log(error.name))

await request(`${origin}/x`, { method: 'not a method' as never }).catch((error: Error) => {
  log(error instanceof errors.InvalidArgumentError, error.message)
})
await request('http://127.0.0.1:1/').catch((error: Error & { code?: string }) => log(error.code))

await agent.close()
log(agent.closed, agent.destroyed)
await request(origin).catch((error: Error & { code?: string }) => log(error.code))
