/** lib/ validates arguments, but native must not crash if a script calls it with anything else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadBinding } from '../../lib/native/load.ts'
import { Param, RequestFlag } from '../../lib/native/contract.ts'
import { startHttp1 } from '../support/servers/http1.ts'
import type { Http1Server } from '../support/servers/http1.ts'
import { clientOptions, TestClient } from './support/native-client.ts'

type Loose = Record<string, (...args: unknown[]) => unknown>

const text = 'http://127.0.0.1:1\0GET\0/\0\0host: x\0'
const garbage = [
  undefined,
  null,
  true,
  5,
  Number.NaN,
  10n,
  'string',
  Symbol('symbol'),
  {},
  [],
  () => {},
  new Uint32Array(4),
  new DataView(new ArrayBuffer(4)),
  new ArrayBuffer(4),
  new Proxy({}, {}),
  Object.create(null),
]

let server: Http1Server
let client: TestClient
let loose: Loose

beforeAll(async () => {
  server = await startHttp1((_request, response) => void response.end('fine'))
  client = new TestClient()
  loose = client.native as unknown as Loose
})

afterAll(async () => {
  await client.destroy()
  await server.close()
})

function setParams(values: Partial<Record<keyof typeof Param, number>>): void {
  const { params } = client.native
  params.fill(0)
  params[Param.textLength] = text.length
  for (const [name, value] of Object.entries(values))
    params[Param[name as keyof typeof Param]] = value
}

describe('NativeClient.submit() refuses', () => {
  it('a text that is not a string', () => {
    setParams({})
    for (const value of garbage.filter((other) => typeof other !== 'string')) {
      expect(() => loose['submit']?.(value)).toThrow(TypeError)
    }
    expect(() => loose['submit']?.()).toThrow('text must be a string')
    setParams({ textLength: 100_000 })
    expect(() => loose['submit']?.(5)).toThrow('text must be a string')
  })

  it.each([0, 1, text.length - 1, text.length + 1, 70_000, 2 ** 31, 2 ** 32 - 1])(
    'a textLength of %d, which is not the length',
    (textLength) => {
      setParams({ textLength })
      expect(() => loose['submit']?.(text)).toThrow('textLength')
    },
  )

  it.each(['', '\0', '\0\0\0', 'http://127.0.0.1:1\0GET\0/\0'])('the text %j', (short) => {
    setParams({ textLength: short.length })
    expect(() => loose['submit']?.(short)).toThrow(TypeError)
  })

  it('a body that is not a Uint8Array', () => {
    setParams({ flags: RequestFlag.bytesBody })
    for (const body of garbage) expect(() => loose['submit']?.(text, body)).toThrow(TypeError)
    setParams({ flags: RequestFlag.bytesBody | RequestFlag.streamBody })
    expect(() => loose['submit']?.(text, new Uint8Array(1))).toThrow(TypeError)
  })

  it.each([2 ** 22, 4e9, 2 ** 32 - 1])('the id %d', (id) => {
    setParams({ id })
    expect(() => loose['submit']?.(text)).toThrow(RangeError)
  })

  it('an id that is in use', () => {
    client.send(77, server)
    setParams({ id: 77 })
    expect(() => loose['submit']?.(text)).toThrow('in use')
  })

  it('everything once the memory of params was transferred', async () => {
    const other = new TestClient()
    const { params } = other.native
    structuredClone(params, { transfer: [params.buffer as ArrayBuffer] })
    expect(params.length).toBe(0)
    expect(() => other.native.submit(text, undefined)).toThrow('transferred')
    await other.destroy()
  })
})

describe('NativeClient', () => {
  it.each(['pause', 'resume', 'cancel', 'endBody', 'writeBody'])('%s() checks the id', (method) => {
    const bytes = new Uint8Array(1)
    for (const id of garbage.filter((other) => typeof other !== 'number')) {
      expect(() => loose[method]?.(id, bytes)).toThrow(TypeError)
    }
    for (const id of [-1, 0.5, 4e9, Number.NaN, Infinity, -Infinity, 2 ** 53]) {
      expect(() => loose[method]?.(id, bytes)).toThrow(RangeError)
    }
    expect(loose[method]?.(12_345, bytes)).toBeUndefined()
  })

  it('writeBody() checks the bytes', () => {
    for (const bytes of garbage) expect(() => loose['writeBody']?.(1, bytes)).toThrow(TypeError)
    const detached = new Uint8Array(8)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    loose['writeBody']?.(1, detached)
  })

  it('its methods refuse any other `this`', () => {
    for (const method of ['submit', 'pause', 'destroy']) {
      for (const value of garbage) {
        expect(() => Reflect.apply(loose[method] as () => void, value, [1])).toThrow(TypeError)
      }
    }
    const heir = Object.create(client.native) as Loose
    expect(() => heir['submit']?.(text)).toThrow(TypeError)
  })

  it('params and loopCount cannot be replaced', () => {
    const { params } = client.native
    expect(() => Object.assign(client.native, { params: new Uint32Array(8) })).toThrow(TypeError)
    expect(() => Object.assign(client.native, { loopCount: 9 })).toThrow(TypeError)
    expect(client.native.params).toBe(params)
  })
})

describe('new Client()', () => {
  const { Client } = loadBinding()
  const create = (options: unknown): unknown => Reflect.construct(Client, [options])

  it('needs `new`', () => {
    expect(() =>
      Reflect.apply(Client as unknown as () => void, undefined, [clientOptions()]),
    ).toThrow(TypeError)
  })

  it('needs options', () => {
    for (const options of garbage) expect(() => create(options)).toThrow(TypeError)
  })

  it.each(Object.keys(clientOptions()))('checks the type of `%s`', (name) => {
    const expected = typeof clientOptions()[name as keyof ReturnType<typeof clientOptions>]
    for (const value of garbage) {
      if (typeof value !== expected) {
        expect(() => create({ ...clientOptions(), [name]: value })).toThrow(TypeError)
      }
    }
  })

  it.each(Object.keys(clientOptions().tls))('checks the type of `tls.%s`', (name) => {
    const { tls } = clientOptions()
    const expected = typeof tls[name as keyof typeof tls]
    for (const value of garbage) {
      if (typeof value !== expected) {
        expect(() => create(clientOptions({ tls: { ...tls, [name]: value } }))).toThrow(name)
      }
    }
  })

  it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 32])('refuses %d connections', (connections) => {
    expect(() => create(clientOptions({ connections }))).toThrow('connections must be an integer')
  })

  it('rethrows what a getter throws', () => {
    const error = new Error('from the getter')
    const options = {
      get connections(): number {
        throw error
      },
    }
    expect(() => create(options)).toThrow(error)
  })
})

describe('binding', () => {
  it('setLoopThreads() takes a count', () => {
    const { setLoopThreads } = loadBinding() as unknown as Loose
    for (const value of [...garbage, 0, -1, 4e9]) {
      if (value !== 5) expect(() => setLoopThreads?.(value)).toThrow(TypeError)
    }
    // The loop threads of this file's client run already.
    expect(setLoopThreads?.(2)).toBe(false)
  })

  it("version() returns curl's version string", () => {
    expect(loadBinding().version()).toMatch(/^libcurl\/\d+\.\d+/)
  })
})

describe('after all this', () => {
  it('the client still serves', async () => {
    const exchange = await client.exchange(1, server)
    expect(exchange.body.toString()).toBe('fine')
  })
})
