// A program that uses the Agent with undici's own types.
import { Agent, setGlobalDispatcher, setLoopThreads } from 'dodici'
import type { AgentOptions, OriginStats } from 'dodici'
import * as undici from 'undici'
import type { Dispatcher } from 'undici'

const dispatcher: Dispatcher = new Agent()
undici.setGlobalDispatcher(new Agent())
setGlobalDispatcher(new Agent())
setGlobalDispatcher(dispatcher.compose(undici.interceptors.retry()))
setLoopThreads(2)

const shared: undici.Agent.Options = {
  connections: 5,
  keepAliveTimeout: 1000,
  connectTimeout: 1000,
  headersTimeout: 0,
  allowH2: true,
}
const options: AgentOptions = { signal: AbortSignal.timeout(1000), loopThreads: 1 }
const agent = new Agent({ ...options, connections: 5, connect: { ca: 'pem' } })
const theirs: Dispatcher = new undici.Agent(shared)

const response = await undici.fetch('http://a.test', { dispatcher: agent })
const text: string = await response.text()
const { statusCode, body } = await undici.request('http://a.test', { dispatcher: agent })
const json: unknown = await body.json()
const data: Dispatcher.ResponseData = await agent.request({
  origin: 'http://a.test',
  path: '/',
  method: 'GET',
})
const retrying: Dispatcher = new undici.RetryAgent(agent)
const source = new undici.EventSource('http://a.test', { node: { dispatcher: agent } })

agent.on('connect', (origin, targets) => {
  const url: URL = origin
  const list: readonly Dispatcher[] = targets
  console.log(url.href, list.length)
})
agent.on('disconnect', (origin, _targets, error) => console.log(origin.href, error.code))
agent.on('drain', (origin) => console.log(origin.href))

const handler: Dispatcher.DispatchHandler = {
  onRequestStart: (controller) => controller.pause(),
  onResponseStart: (controller, status, headers, statusMessage) => {
    const type: string | string[] | undefined = headers['content-type']
    console.log(status.toFixed(), type, statusMessage?.length)
    controller.resume()
  },
  onResponseData: (controller, chunk) => {
    if (chunk.length > 10) controller.abort(new Error('too much'))
  },
  onResponseEnd: (_controller, trailers) => console.log(Object.keys(trailers)),
  onResponseError: (controller, error) => console.log(controller?.aborted, error.message),
}
const more: boolean = agent.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, handler)

const stats: Record<string, OriginStats> = agent.stats
const flags: readonly boolean[] = [agent.closed, agent.destroyed, more]
agent.close(() => {})
await agent.destroy(new Error('enough'))
agent.destroy(null, () => {})
{
  await using short = new Agent()
  console.log(short.closed)
}
source.close()
console.log(theirs, retrying, text, statusCode, json, data.statusCode, stats, flags)
