// A program in which one line has changed: its options have undici's types, or the names that undici gives those.
import { Agent, Client, Pool } from 'dodici'
import * as undici from 'undici'

const ofAgent: undici.Agent.Options = { connections: 5, connect: { ca: 'pem', timeout: 1000 } }
const ofPool: undici.Pool.Options = { connections: 1, keepAliveTimeout: 1000 }
const ofClient: undici.Client.Options = { pipelining: 1, maxHeaderSize: 1000 }
const agent: undici.Agent = new Agent(ofAgent)
const pool: undici.Pool = new Pool('http://a.test', ofPool)
const client: undici.Client = new Client('http://a.test', ofClient)

const named: [Agent.Options, Pool.Options, Client.Options] = [
  { connections: 5, connect: { ca: 'pem' }, factory: (origin) => new undici.Pool(origin) },
  { connections: null },
  { pipelining: 0 },
]
const made = new Agent({ factory: (origin, options) => new undici.Pool(origin, options as object) })
const asked: Agent.DispatchOptions = { origin: 'http://a.test', path: '/', method: 'GET' }
const found: Pool.PoolStats = new Pool('http://a.test', named[1]).stats

const { socket } = await new Pool('http://a.test').connect({ path: 'b.test:80' })
new Client('http://a.test').connect({ path: 'b.test:80' }, (error, data) => {
  console.log(error?.message, data.statusCode)
})
const { opaque } = await new Client('http://a.test').connect({ path: 'b.test:80', opaque: 5 })
const five: number = opaque
console.log(made, agent, pool, client, named, asked, found.queued, socket.writable, five)
