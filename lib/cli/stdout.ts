import { Writable } from 'node:stream'

/** stdout as a stream that may be ended: the process's own may not. */
export function stdoutStream(): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      process.stdout.write(chunk, done)
    },
  })
}
