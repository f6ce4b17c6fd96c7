/**
 * A relay that makes a server seem far away: what the server sends comes 20 ms later, and not faster than 50 MB/s on
 * each connection. It takes the server's port as its argument, prints its own, and ends with its stdin.
 */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

const kDelayMs = 20
const kBytesPerMs = 50_000
/** More than is on the way at that rate. */
const kMostQueued = 4 * kDelayMs * kBytesPerMs

const server = createServer({ noDelay: true }, (near) => {
  const far = connect({ port: Number(process.argv[2]), host: '127.0.0.1', noDelay: true })
  near.pipe(far)
  relayLate(far, near)
  far.on('error', () => near.destroy())
  near.on('error', () => far.destroy())
  near.on('close', () => far.destroy())
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
process.stdin.on('close', () => process.exit()).resume()

function relayLate(from: Socket, to: Socket): void {
  const queue: { readonly bytes: Buffer; readonly at: number }[] = []
  let queued = 0
  let freeAt = 0
  let timer: NodeJS.Timeout | undefined
  const send = (): void => {
    timer = undefined
    const now = performance.now()
    for (let [first] = queue; first !== undefined && first.at <= now; [first] = queue) {
      const { bytes } = first
      queue.shift()
      queued -= bytes.length
      if (bytes.length === 0) to.end()
      else if (!to.write(bytes)) {
        to.once('drain', send)
        return
      }
    }
    if (queued < kMostQueued / 2) from.resume()
    const [next] = queue
    if (next !== undefined) timer = setTimeout(send, Math.max(1, next.at - now))
  }
  const add = (bytes: Buffer): void => {
    const at = Math.max(performance.now() + kDelayMs, freeAt)
    freeAt = at + bytes.length / kBytesPerMs
    queue.push({ bytes, at })
    queued += bytes.length
    if (queued > kMostQueued) from.pause()
    if (timer === undefined && !to.writableNeedDrain) timer = setTimeout(send, kDelayMs)
  }
  from.on('data', add)
  from.on('end', () => add(Buffer.alloc(0)))
}
