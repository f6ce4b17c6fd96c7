import * as undici from 'undici'
import { request } from './lib/api/request.ts'
class Stub extends undici.Dispatcher {
  q: any[] = []
  controller = { pause() {}, resume() {}, abort() {}, rawHeaders: null }
  dispatch(o: any, h: any) { h.onRequestStart(this.controller, null); if (this.q.push(h) === 1) setImmediate(() => this.flush()); return true }
  flush() { const q = this.q; this.q = []; for (const h of q) { h.onResponseStart(this.controller, 200, { 'content-type': 'text/plain', 'content-length': '5' }, 'OK'); h.onResponseData(this.controller, chunk); h.onResponseEnd(this.controller, {}) } }
}
const chunk = Buffer.from('hello')
const stub = new Stub()
const signal = new AbortController().signal
const f = { ours: request, undici: undici.request } as any
const once: any = {
  text: async (r: any) => { const { body } = await r('http://localhost:1234/a', { dispatcher: stub }); await body.text() },
  json0: async (r: any) => { const { body } = await r('http://localhost:1234/a', { dispatcher: stub }); await body.dump() },
  signal: async (r: any) => { const { body } = await r('http://localhost:1234/a', { dispatcher: stub, signal: new AbortController().signal }); await body.text() },
  iterate: async (r: any) => { const { body } = await r('http://localhost:1234/a', { dispatcher: stub }); for await (const c of body) void c },
}
for (let k = 0; k < 3; k++) for (const what in once) {
  const out: any = {}
  for (const n in f) {
    const N = 60000; let left = N
    const t = process.threadCpuUsage()
    await Promise.all(Array.from({ length: 50 }, async () => { while (left-- > 0) await once[what](f[n]) }))
    const u = process.threadCpuUsage(t)
    out[n] = ((u.user + u.system) / N).toFixed(2)
  }
  console.log(what, out)
}
