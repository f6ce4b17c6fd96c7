// Client and Pool, in undici's own types.
import { Client, Pool } from 'dodici'
import type { ClientOptions, ClientStats, OriginStats, PoolOptions } from 'dodici'
import * as undici from 'undici'
import type { Dispatcher } from 'undici'

const poolOptions: PoolOptions = { connections: 5, connectTimeout: 1000, proxy: 'env' }
const clientOptions: ClientOptions = { pipelining: 1, allowH2: false }
const pool = new Pool('http://a.test', poolOptions)
const client = new Client(new URL('http://a.test'), clientOptions)
const parts = new Client({ protocol: 'http:', hostname: 'a.test', port: 80 })
const all: Dispatcher[] = [pool, client, parts]

const { statusCode } = await pool.request({ path: '/', method: 'GET' })
const response = await undici.fetch('http://a.test', { dispatcher: client })
const retrying: Dispatcher = new undici.RetryAgent(pool)
const composed: Dispatcher = client.compose(undici.interceptors.dump())

const ofPool: OriginStats = pool.stats
const ofClient: ClientStats = client.stats
const flags: readonly boolean[] = [pool.closed, client.destroyed, ofClient.connected]
await pool.close()
await client.destroy(new Error('enough'))
console.log(all, statusCode, response.ok, retrying, composed, ofPool.queued, flags)
